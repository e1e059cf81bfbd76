// SPDX-License-Identifier: BSD-3-Clause
#include "route_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "impairment_spec.h"

namespace famez::fwd {

namespace {

// Whatever the file is, the terminal that shows its words takes no harm.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

// What is wrong with a line. Caught where the line's number is known.
class Mistake : public std::runtime_error {
  public:
    explicit Mistake(std::string text) : std::runtime_error(printable(std::move(text))) {}
};

// A word of the file: not more of it than shows which one is meant.
std::string quoted(std::string_view word) {
    constexpr std::size_t most = 64;
    return fmt::format("'{}{}'", word.substr(0, most), word.size() > most ? "..." : "");
}

class Words {
  public:
    explicit Words(std::string_view text) : rest_(text) { skip_blanks(); }

    // Empty if there is none any more.
    std::string_view next() {
        const std::string_view word = rest_.substr(0, rest_.find_first_of(blanks));
        rest_.remove_prefix(word.size());
        skip_blanks();
        return word;
    }

  private:
    static constexpr std::string_view blanks = " \t\r\v\f";

    void skip_blanks() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
    }

    std::string_view rest_;
};

std::string read_file(const std::string& path) {
    const auto fail = [&path] {
        const std::error_code error(errno, std::generic_category());
        throw RouteError(fmt::format("{}: the routes cannot be read: {}", path, error.message()));
    };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail();
    const struct Closer {
        int fd;
        ~Closer() { ::close(fd); }
    } closer{fd};

    std::string text;
    constexpr std::size_t step = 1U << 20;
    for (std::size_t used = 0;;) {
        text.resize(used + step);
        const ssize_t got = ::read(fd, text.data() + used, step);
        if (got < 0 && errno != EINTR) fail();
        used += static_cast<std::size_t>(std::max(got, ssize_t{0}));
        if (used > RouteTable::max_file_bytes) {
            throw RouteError(fmt::format("{}: a file of routes has at most {} MB", path,
                                         RouteTable::max_file_bytes >> 20));
        }
        if (got == 0) {
            text.resize(used);
            return text;
        }
    }
}

// Reads the lines one after the other and gathers what is wrong with them.
class Reader {
  public:
    Reader(std::string path, std::span<const std::string> ports)
        : path_(std::move(path)), ports_(ports) {}

    void read(std::string_view text);

    std::vector<RouteTable::Entry> entries;
    std::optional<Route> default_route;
    std::vector<Impairment> impairments;

  private:
    static constexpr std::size_t most_shown = 20;

    void read_line(std::string_view line);
    Route read_route(Words& words);
    void read_addition(std::string_view word, Words& words, Route& route);
    [[nodiscard]] Address read_destination(std::string_view word) const;
    [[nodiscard]] std::uint16_t read_port(std::string_view word) const;
    std::uint16_t add_impairment(std::string_view spec);
    void complain(std::string_view message);

    const std::string path_;
    const std::span<const std::string> ports_;
    std::uint32_t line_ = 0;
    std::uint32_t default_line_ = 0;
    std::unordered_map<Address, std::uint32_t> lines_;  // where each destination was first
    std::size_t mistakes_ = 0;
    std::string complaints_;
};

void Reader::complain(std::string_view message) {
    if (++mistakes_ > most_shown) return;
    complaints_ += fmt::format("{}{}:{}: {}", mistakes_ == 1 ? "" : "\n", path_, line_, message);
}

void Reader::read(std::string_view text) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        ++line_;
        try {
            read_line(line);
        } catch (const Mistake& mistake) {
            complain(mistake.what());
        }
        // Mistakes count too, so that a file of something else does not take long.
        if (entries.size() + mistakes_ > RouteTable::max_routes) {
            complain(fmt::format("a file has at most {} routes: what follows was not read",
                                 RouteTable::max_routes));
            break;
        }
    }
    if (mistakes_ == 0) return;
    if (mistakes_ > most_shown) complaints_ += fmt::format("\nand {} more", mistakes_ - most_shown);
    throw RouteError(complaints_);
}

void Reader::read_line(std::string_view line) {
    if (line.size() > RouteTable::max_line_bytes)
        throw Mistake(fmt::format("longer than {} bytes", RouteTable::max_line_bytes));
    Words words(line.substr(0, line.find('#')));
    const std::string_view subject = words.next();
    if (subject.empty()) return;

    if (subject == "default") {
        if (default_line_ != 0)
            throw Mistake(fmt::format("the default route is in line {} already", default_line_));
        default_line_ = line_;
        default_route = read_route(words);
        return;
    }
    const Address destination = read_destination(subject);
    // Before the rest is read: a second line is a mistake even if the first one has another.
    const auto [first, is_new] = lines_.try_emplace(destination, line_);
    if (!is_new) {
        throw Mistake(fmt::format("destination {} ({}) is in line {} already", quoted(subject),
                                  to_text(destination), first->second));
    }
    entries.push_back({destination, line_, read_route(words)});
}

Address Reader::read_destination(std::string_view word) const {
    const std::optional<Address> address = parse_address(word);
    if (!address) {
        throw Mistake(
            fmt::format("bad destination {}: it is a port's id (3), a component (300,27), an "
                        "Ethernet address (02:fa:3e:00:00:03) or 'default'",
                        quoted(word)));
    }
    if (is_group(*address)) {
        throw Mistake(
            fmt::format("destination {} is a group address: groups have no routes", quoted(word)));
    }
    return *address;
}

// What is behind the destination.
Route Reader::read_route(Words& words) {
    Route route;
    const std::string_view port = words.next();
    if (port.empty()) throw Mistake("the port is missing: its name, its number or 'drop'");
    if (port == "drop") {
        route.drop = true;
        const std::string_view word = words.next();
        if (!word.empty())
            throw Mistake(fmt::format("unknown word {} behind 'drop'", quoted(word)));
        return route;
    }
    route.port = read_port(port);
    for (std::string_view word = words.next(); !word.empty(); word = words.next())
        read_addition(word, words, route);
    return route;
}

void Reader::read_addition(std::string_view word, Words& words, Route& route) {
    if (word != "as" && word != "impair") {
        throw Mistake(
            fmt::format("unknown word {}: 'as' or 'impair' can follow the port", quoted(word)));
    }
    const bool is_as = word == "as";
    if (is_as ? route.rewrite : route.impairer != 0)
        throw Mistake(fmt::format("'{}' is there twice", word));
    const std::string_view value = words.next();
    if (value.empty()) {
        throw Mistake(fmt::format("{} is missing behind '{}'",
                                  is_as ? "an address" : "a wire's description", word));
    }
    if (!is_as) {
        route.impairer = add_impairment(value);
        return;
    }
    const std::optional<Address> to = parse_address(value);
    if (!to) throw Mistake(fmt::format("bad address {} behind 'as'", quoted(value)));
    route.rewrite = true;
    route.to = *to;
}

std::uint16_t Reader::read_port(std::string_view word) const {
    const auto named = std::find(ports_.begin(), ports_.end(), word);
    if (named != ports_.end()) return static_cast<std::uint16_t>(named - ports_.begin());
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc{} && end == word.data() + word.size() && number < ports_.size())
        return number;
    throw Mistake(
        fmt::format("unknown port {}: the ports are {}", quoted(word),
                    ports_.empty() ? "none" : fmt::format("{}", fmt::join(ports_, ", "))));
}

std::uint16_t Reader::add_impairment(std::string_view spec) {
    Impairment impairment;
    try {
        impairment = parse_impairment(spec);
    } catch (const std::invalid_argument& wrong) {
        throw Mistake(fmt::format("bad impairment {}: {}", quoted(spec), wrong.what()));
    }
    if (!impairment.any()) return 0;
    if (impairments.size() == RouteTable::max_impaired_routes) {
        throw Mistake(
            fmt::format("more than {} routes are impaired", RouteTable::max_impaired_routes));
    }
    impairments.push_back(impairment);
    return static_cast<std::uint16_t>(impairments.size());
}

}  // namespace

RouteTable::RouteTable(std::vector<Entry> entries, const Route& default_route,
                       std::vector<Impairment> impairments)
    : slots_(std::bit_ceil(std::max<std::size_t>(2 * entries.size(), 2))),
      mask_(slots_.size() - 1),
      shift_(64 - static_cast<unsigned>(std::countr_zero(slots_.size()))),
      default_(default_route),
      entries_(std::move(entries)),
      impairments_(std::move(impairments)) {
    for (const Entry& entry : entries_) {
        std::size_t i = mix(entry.destination) >> shift_;
        while (slots_[i].destination != nobody)
            i = (i + 1) & mask_;
        slots_[i] = {entry.destination, entry.route};
    }
}

RouteTable RouteTable::load(const std::string& path, std::span<const std::string> port_names) {
    Reader reader(path, port_names);
    reader.read(read_file(path));
    const Route nowhere{.drop = true, .unknown = true};
    return {std::move(reader.entries), reader.default_route.value_or(nowhere),
            std::move(reader.impairments)};
}

}  // namespace famez::fwd
