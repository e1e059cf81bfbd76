// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

#include "config_file.h"
#include "device_name.h"
#include "help_formatter.h"
#include "help_text.h"
#include "impairment_spec.h"
#include "values.h"

#ifndef FAMEZ_VERSION
#define FAMEZ_VERSION "unknown"
#endif

namespace famez::fwd {
namespace {

// What the parser fills in: the options, on top of the file's, and what is added to them at the
// end.
struct Raw {
    Options options;
    std::string config;
    std::vector<std::string> ports;
    std::vector<std::string> impairments;
};

// What `function` throws is told with the option's name.
template <typename Function>
void named(const char* option, Function function) {
    try {
        function();
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(fmt::format("{}: {}", option, error.what()));
    }
}

// An option with one value, which `set` reads.
template <typename Set>
void add_value(CLI::App& app, const char* name, const char* type, const char* help, Set set) {
    const auto read = [name, set](const std::string& text) { named(name, [&] { set(text); }); };
    app.add_option_function<std::string>(name, read, help)->type_name(type);
}

// CLI11 would take -1 for a large number, and 010 for 8.
template <typename Target, typename T>
void add_number(CLI::App& app, const char* name, const char* type, const char* help, Target& target,
                Range<T> range) {
    add_value(app, name, type, help,
              [&target, range](const std::string& text) { target = parse_number(text, range); });
}

void add_mode_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    add_value(app, "--mode", "switch|route|hub|io|macswap", mode_help,
              [&o](const std::string& text) { o.mode = parse_mode(text); });
    add_value(app, "--routes", "FILE", routes_help, [&o](const std::string& text) {
        if (text.empty()) throw std::invalid_argument("no name of a file");
        o.routes = text;
    });
    add_number(app, "--table-size", "N", table_size_help, o.table_size, limits::table_size);
    add_number(app, "--ageing", "SECONDS", ageing_help, o.ageing_s, limits::ageing_s);
    add_value(app, "--flood-rate", "N[K|M]|off", flood_rate_help,
              [&o](const std::string& text) { o.flood_rate = parse_flood_rate(text); });
}

void add_port_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    app.add_option("--port", raw.ports, port_help)
        ->type_name("DEVICE[,ARGS]")
        ->allow_extra_args(false);
    app.add_option("--impair", raw.impairments, impair_help)
        ->type_name("PORT:SPEC")
        ->allow_extra_args(false);
    add_number(app, "--seed", "N", seed_help, o.seed, limits::seed);
    add_number(app, "--mtu", "BYTES", mtu_help, o.mtu, limits::mtu);
    add_number(app, "--mbufs", "N", mbufs_help, o.mbufs, limits::mbufs);
    add_number(app, "--rx-queues", "N", rx_queues_help, o.rx_queues, limits::rx_queues);
    app.add_flag("--promiscuous,!--no-promiscuous", o.promiscuous, promiscuous_help);
}

void add_work_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    add_value(app, "--cores", "LIST", cores_help,
              [&o](const std::string& text) { o.cores = parse_cores(text); });
    add_number(app, "--burst", "N", burst_help, o.burst, limits::burst);
    add_number(app, "--drain-us", "N", drain_us_help, o.drain_us, limits::drain_us);
    add_value(app, "--full", "wait|drop", full_help,
              [&o](const std::string& text) { o.when_full = parse_when_full(text); });
    add_number(app, "--stall-ms", "N", stall_ms_help, o.stall_ms, limits::stall_ms);
    add_number(app, "--idle-us", "N", idle_us_help, o.idle_us, limits::idle_us);
}

void add_output_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    add_number(app, "--duration", "SECONDS", duration_help, o.duration_s, limits::duration_s);
    add_number(app, "--interval", "SECONDS", interval_help, o.interval_s, limits::interval_s);
    app.add_flag("--json,!--no-json", o.json, json_help);
    app.add_flag("--quiet,!--no-quiet", o.quiet, quiet_help);
    app.add_flag("--capture,!--no-capture", o.capture, capture_help);
}

void add_options(CLI::App& app, Raw& raw) {
    app.footer(help_footer);
    app.formatter(std::make_shared<EalHelpFormatter>(help_usage));
    app.set_help_flag("-h,--help", "This text.")->group("OTHER");
    app.set_version_flag("-V,--version", std::string("famez_fwd " FAMEZ_VERSION), "The version.")
        ->group("OTHER");
    app.option_defaults()->group("THE WAY OF A FRAME");
    add_mode_options(app, raw);
    app.option_defaults()->group("PORTS");
    add_port_options(app, raw);
    app.option_defaults()->group("WORK");
    add_work_options(app, raw);
    app.option_defaults()->group("END AND OUTPUT");
    add_output_options(app, raw);
    app.option_defaults()->group("OTHER");
    app.add_option("--config", raw.config, config_help)->type_name("FILE");
}

// Those of the command line, with what the file says of the same devices.
std::vector<PortOptions> chosen_ports(const std::vector<std::string>& words,
                                      const std::vector<PortOptions>& file) {
    std::vector<PortOptions> ports;
    for (const std::string& word : words) {
        const std::size_t comma = word.find(',');
        PortOptions port{device_name(word.substr(0, comma)), "", {}};
        const auto same = [&](const PortOptions& other) { return other.device == port.device; };
        if (std::any_of(ports.begin(), ports.end(), same)) {
            throw std::invalid_argument(fmt::format("{} is given twice", port.device));
        }
        const auto known = std::find_if(file.begin(), file.end(), same);
        if (known != file.end()) port = *known;
        if (comma != std::string::npos) port.devargs = word.substr(comma + 1);
        ports.push_back(port);
    }
    return ports;
}

// By its name or its number.
PortOptions& port_of(std::string_view text, std::vector<PortOptions>& ports) {
    if (ports.empty()) {
        throw std::invalid_argument("which port is that? Name all ports with --port as well");
    }
    if (text.find_first_not_of("0123456789") == std::string_view::npos) {
        const auto last = static_cast<std::uint32_t>(ports.size() - 1);
        return ports[parse_number(text, Range<std::uint32_t>{0, last})];
    }
    const std::string name = device_name(text);
    const auto port = std::find_if(ports.begin(), ports.end(),
                                   [&](const PortOptions& one) { return one.device == name; });
    if (port == ports.end()) throw std::invalid_argument(fmt::format("there is no port {}", name));
    return *port;
}

void impair(const std::vector<std::string>& words, std::vector<PortOptions>& ports) {
    std::vector<const PortOptions*> done;
    for (const std::string& word : words) {
        // A PCI address has colons too; an impairment has none.
        const std::size_t colon = word.rfind(':');
        if (colon == std::string::npos || colon == 0) {
            throw std::invalid_argument(
                fmt::format("'{}' is not PORT:SPEC, such as 0:delay=5ms", word));
        }
        PortOptions& port = port_of(std::string_view(word).substr(0, colon), ports);
        if (std::find(done.begin(), done.end(), &port) != done.end()) {
            throw std::invalid_argument(
                fmt::format("port {} has one already: join them with a comma", port.device));
        }
        done.push_back(&port);
        port.impairment = parse_impairment(std::string_view(word).substr(colon + 1));
    }
}

// What depends on several options.
void check(const Options& o) {
    if (o.mode == Mode::route && o.routes.empty()) {
        throw std::invalid_argument("--mode route: needs a table; give it with --routes FILE");
    }
    if (o.mode != Mode::route && !o.routes.empty()) {
        throw std::invalid_argument(
            fmt::format("--routes: is for --mode route; this is --mode {}", to_string(o.mode)));
    }
    const bool pairs = o.mode == Mode::io || o.mode == Mode::macswap;
    if (pairs && o.ports.size() > 1 && o.ports.size() % 2 != 0) {
        throw std::invalid_argument(
            fmt::format("--mode {}: ports go in pairs (0 and 1, 2 and 3), and {} are given",
                        to_string(o.mode), o.ports.size()));
    }
    if (o.ports.size() > max_ports) {
        throw std::invalid_argument(
            fmt::format("--port: {} are given; {} are possible", o.ports.size(), max_ports));
    }
}

// Reads a command line upon what is known already.
class Parser {
  public:
    explicit Parser(const Options& known) {
        raw_.options = known;
        add_options(app_, raw_);
    }
    void parse(const std::vector<std::string>& arguments) {
        // CLI11 takes a vector from its end.
        app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    }
    [[nodiscard]] std::optional<std::string> config() const {
        return app_.count("--config") > 0 ? std::optional(raw_.config) : std::nullopt;
    }
    [[nodiscard]] std::string help() const { return app_.help(); }
    [[nodiscard]] bool knows(const std::string& name) const {
        return app_.get_option_no_throw(name) != nullptr;
    }
    [[nodiscard]] Options finish() const {
        Options o = raw_.options;
        if (!raw_.ports.empty()) {
            named("--port", [&] { o.ports = chosen_ports(raw_.ports, raw_.options.ports); });
        }
        named("--impair", [&] { impair(raw_.impairments, o.ports); });
        // The file's table is of the mode that the command line replaces.
        const bool other_mode = app_.count("--mode") > 0 && o.mode != Mode::route;
        if (other_mode && app_.count("--routes") == 0) o.routes.clear();
        check(o);
        return o;
    }

  private:
    Raw raw_;
    CLI::App app_{help_description, "famez_fwd"};
};

ParseEnd mistake(const std::string& what) {
    return {exit_usage, fmt::format("{}\nfamez_fwd --help tells all options", what)};
}

}  // namespace

std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments) {
    Parser parser{Options{}};
    try {
        parser.parse(arguments);
        const std::optional<std::string> config = parser.config();
        if (!config) return parser.finish();
        Options from_file;
        read_config_file(*config, from_file);
        Parser upon_file(from_file);
        upon_file.parse(arguments);
        return upon_file.finish();
    } catch (const CLI::CallForHelp&) {
        return ParseEnd{0, parser.help()};
    } catch (const CLI::CallForVersion& version) {
        return ParseEnd{0, version.what() + std::string("\n")};
    } catch (const CLI::ParseError& error) {
        return mistake(error.what());
    } catch (const ConfigError& error) {
        return ParseEnd{exit_usage, error.what()};
    } catch (const std::invalid_argument& error) {
        return mistake(error.what());
    }
}

bool is_option(std::string_view word) {
    return word.starts_with('-') &&
           Parser{Options{}}.knows(std::string(word.substr(0, word.find('='))));
}

}  // namespace famez::fwd
