// SPDX-License-Identifier: BSD-3-Clause
#include "config_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "device_name.h"
#include "impairment_spec.h"
#include "nearest_word.h"
#include "values.h"

namespace famez::fwd {
namespace {

using Line = toml::source_index;

// All of a file's mistakes, told in the order of its lines.
class Mistakes {
  public:
    explicit Mistakes(std::string path) : path_(std::move(path)) {}

    void add(const toml::source_region& where, const std::string& what) {
        found_.emplace_back(where.begin.line, what);
    }
    void throw_if_any() {
        if (found_.empty()) return;
        std::stable_sort(found_.begin(), found_.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        std::string text;
        for (const auto& [line, what] : found_)
            text += fmt::format("{}{}:{}: {}", text.empty() ? "" : "\n", path_, line, what);
        throw ConfigError(text);
    }

  private:
    std::string path_;
    std::vector<std::pair<Line, std::string>> found_;
};

// Sets what a key's value says; throws std::invalid_argument.
using Setter = std::function<void(const toml::node&)>;
using Setters = std::map<std::string, Setter, std::less<>>;

// Calls `set`; what it throws becomes a mistake of the value's line.
void apply(const Setter& set, const toml::node& node, std::string_view key, Mistakes& mistakes) {
    try {
        set(node);
    } catch (const std::invalid_argument& error) {
        mistakes.add(node.source(), fmt::format("{}: {}", key, error.what()));
    }
}

void apply_all(const Setters& setters, const toml::table& table, Mistakes& mistakes) {
    for (const auto& [key, node] : table) {
        const auto setter = setters.find(key.str());
        if (setter != setters.end()) {
            apply(setter->second, node, key.str(), mistakes);
            continue;
        }
        std::vector<std::string> known;
        for (const auto& [name, unused] : setters)
            known.push_back(name);
        const std::string nearest = nearest_word(key.str(), known);
        mistakes.add(key.source(),
                     fmt::format("{}: there is no such key{}", key.str(),
                                 nearest.empty() ? "" : fmt::format("; is it {}?", nearest)));
    }
}

std::string string_of(const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    if (!text) throw std::invalid_argument("is to be a string, in quotes");
    return *text;
}

template <typename T>
T number_of(const toml::node& node, Range<T> range) {
    const auto integer = node.value_exact<std::int64_t>();
    if constexpr (std::floating_point<T>) {
        const auto value = integer ? static_cast<double>(*integer) : node.value_exact<double>();
        if (value && range.contains(*value)) return *value;
        if (value) throw std::invalid_argument(fmt::format("{} is not {}", *value, to_text(range)));
    } else {
        if (integer && std::in_range<T>(*integer) && range.contains(static_cast<T>(*integer))) {
            return static_cast<T>(*integer);
        }
        if (integer) {
            throw std::invalid_argument(fmt::format("{} is not {}", *integer, to_text(range)));
        }
    }
    throw std::invalid_argument(fmt::format("is to be {}", to_text(range)));
}

template <typename Target, typename T>
Setter number(Target& target, Range<T> range) {
    return [&target, range](const toml::node& node) { target = number_of(node, range); };
}

Setter flag(bool& target) {
    return [&target](const toml::node& node) {
        const auto value = node.value_exact<bool>();
        if (!value) throw std::invalid_argument("is to be true or false");
        target = *value;
    };
}

template <typename T>
Setter text(T& target, T (*parse)(std::string_view)) {
    return [&target, parse](const toml::node& node) { target = parse(string_of(node)); };
}

// Elements have lines of their own.
template <typename Element>
void for_each_element(const toml::node& node, std::string_view key, const char* wanted,
                      Mistakes& mistakes, Element element) {
    const toml::array* const array = node.as_array();
    if (array == nullptr) throw std::invalid_argument(wanted);
    for (const toml::node& one : *array)
        apply(element, one, key, mistakes);
}

Setter cores(Options& options, Mistakes& mistakes) {
    return [&](const toml::node& node) {
        if (node.is_string()) {
            options.cores = parse_cores(string_of(node));
            return;
        }
        options.cores.clear();
        for_each_element(node, "cores", "is to be a list: [1, 2]", mistakes,
                         [&](const toml::node& one) {
                             const unsigned core = number_of(one, limits::core);
                             check_core(core, options.cores);
                             options.cores.push_back(core);
                         });
    };
}

Setter eal(Options& options, Mistakes& mistakes) {
    return [&](const toml::node& node) {
        options.eal.clear();
        for_each_element(
            node, "eal", "is to be a list of strings: [\"-l\", \"0-1\"]", mistakes,
            [&](const toml::node& one) {
                const std::string word = string_of(one);
                if (word == "--") {
                    throw std::invalid_argument("'--' ends EAL's options: leave it out");
                }
                options.eal.push_back(word);
            });
    };
}

Setter routes(Options& options, const std::filesystem::path& directory) {
    return [&options, directory](const toml::node& node) {
        const std::string file = string_of(node);
        if (file.empty()) throw std::invalid_argument("is to be the name of a file");
        options.routes = (directory / file).string();
    };
}

Setter flood_rate(Options& options) {
    return [&options](const toml::node& node) {
        options.flood_rate = node.is_string() ? parse_flood_rate(string_of(node))
                                              : number_of(node, limits::flood_rate);
    };
}

// A [[port]].
void add_port(const toml::node& node, Options& options, Mistakes& mistakes) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) throw std::invalid_argument("is to be a table: [[port]]");
    PortOptions port;
    const Setters setters = {
        {"device", text(port.device, device_name)},
        {"devargs", [&](const toml::node& value) { port.devargs = string_of(value); }},
        {"impair", text(port.impairment, parse_impairment)},
    };
    apply_all(setters, *table, mistakes);
    if (!table->contains("device")) {
        throw std::invalid_argument("has no device: device = \"net_famez0\"");
    }
    const bool known =
        std::any_of(options.ports.begin(), options.ports.end(),
                    [&](const PortOptions& other) { return other.device == port.device; });
    if (known && !port.device.empty()) {
        throw std::invalid_argument(fmt::format("device {} is a port already", port.device));
    }
    options.ports.push_back(port);
}

Setter ports(Options& options, Mistakes& mistakes) {
    return [&](const toml::node& node) {
        options.ports.clear();
        for_each_element(node, "port",
                         "is to be written as [[port]], with two brackets, for each port", mistakes,
                         [&](const toml::node& one) { add_port(one, options, mistakes); });
    };
}

void read_table(const toml::table& table, const std::filesystem::path& directory, Options& o,
                Mistakes& mistakes) {
    const Setters setters = {
        {"mode", text(o.mode, parse_mode)},
        {"port", ports(o, mistakes)},
        {"cores", cores(o, mistakes)},
        {"eal", eal(o, mistakes)},
        {"burst", number(o.burst, limits::burst)},
        {"drain-us", number(o.drain_us, limits::drain_us)},
        {"full", text(o.when_full, parse_when_full)},
        {"stall-ms", number(o.stall_ms, limits::stall_ms)},
        {"idle-us", number(o.idle_us, limits::idle_us)},
        {"rx-queues", number(o.rx_queues, limits::rx_queues)},
        {"table-size", number(o.table_size, limits::table_size)},
        {"ageing", number(o.ageing_s, limits::ageing_s)},
        {"flood-rate", flood_rate(o)},
        {"routes", routes(o, directory)},
        {"seed", number(o.seed, limits::seed)},
        {"mtu", number(o.mtu, limits::mtu)},
        {"mbufs", number(o.mbufs, limits::mbufs)},
        {"promiscuous", flag(o.promiscuous)},
        {"capture", flag(o.capture)},
        {"duration", number(o.duration_s, limits::duration_s)},
        {"interval", number(o.interval_s, limits::interval_s)},
        {"json", flag(o.json)},
        {"quiet", flag(o.quiet)},
    };
    apply_all(setters, table, mistakes);
}

std::string contents_of(const std::string& path) {
    if (std::filesystem::is_directory(path)) {
        throw ConfigError(fmt::format("{}: is a directory, not a file", path));
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) throw ConfigError(fmt::format("{}: {}", path, std::strerror(errno)));
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void read_config_file(const std::string& path, Options& options) {
    const std::string contents = contents_of(path);
    Mistakes mistakes(path);
    Options changed = options;
    try {
        const toml::table table = toml::parse(contents, path);
        read_table(table, std::filesystem::path(path).parent_path(), changed, mistakes);
    } catch (const toml::parse_error& error) {
        mistakes.add(error.source(), std::string(error.description()));
    }
    mistakes.throw_if_any();
    options = changed;
}

}  // namespace famez::fwd
