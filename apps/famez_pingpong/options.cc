// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>
#include <string_view>

#include "help_formatter.h"
#include "help_text.h"

#ifndef FAMEZ_VERSION
#define FAMEZ_VERSION "unknown"
#endif

namespace famez::pingpong {
namespace {

constexpr std::uint32_t max_burst = 512;
constexpr std::uint64_t max_rate = 1'000'000'000;
constexpr double max_idle_us = 60e6;
constexpr std::uint64_t ping_warmup = 10000;

const std::map<std::string, Role> roles = {
    {"ping", Role::ping}, {"pong", Role::pong}, {"tx", Role::tx}, {"rx", Role::rx}};
const std::map<std::string, Api> apis = {{"ethdev", Api::ethdev}, {"fabric", Api::fabric}};
const std::map<std::string, std::uint64_t> rate_units = {{"K", 1000}, {"M", 1000000}};
const std::map<std::string, Touch> touches = {
    {"none", Touch::none}, {"first", Touch::first}, {"all", Touch::all}};

template <typename T>
std::vector<std::string> names_of(const std::map<std::string, T>& named) {
    std::vector<std::string> names;
    names.reserve(named.size());
    for (const auto& [name, value] : named)
        names.push_back(name);
    return names;
}

// What the parser fills in: the texts that need more than a conversion, and flags.
struct Raw {
    Options options;
    std::string role;
    std::string api = "ethdev";
    std::string touch = "first";
    std::string sizes;
    std::string peer = "any";
    bool json = false;
    bool csv = false;
    std::optional<std::uint32_t> burst;
    std::optional<std::uint64_t> warmup;
};

void add_run_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    app.add_option("ROLE", raw.role, role_help)
        ->type_name("ping|pong|tx|rx")
        ->check(CLI::IsMember(names_of(roles)).description(""))
        ->required();
    app.add_option("--peer", raw.peer, peer_help)->type_name("ID|MAC|any|broadcast");
    app.add_option("--size", raw.sizes, size_help)->type_name("SIZES");
    app.add_option("--burst", raw.burst, burst_help)
        ->type_name("N")
        ->check(CLI::Range(1U, max_burst).description(""));
    app.add_option("--queues", o.queues, queues_help)
        ->type_name("N")
        ->check(CLI::Range(1U, max_queues).description(""));
    app.add_option("--count", o.count, count_help)
        ->type_name("N")
        ->check(CLI::PositiveNumber.description(""));
    app.add_option("--duration", o.duration_s, duration_help)
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber.description(""));
    app.add_option("--warmup", raw.warmup, warmup_help)->type_name("N");
    app.add_option("--rate", o.rate, rate_help)
        ->type_name("N[K|M]")
        ->transform(CLI::AsNumberWithUnit(rate_units, CLI::AsNumberWithUnit::CASE_INSENSITIVE)
                        .description(""))
        ->check(CLI::Range(std::uint64_t{1}, max_rate).description(""));
    app.add_option("--idle-us", o.idle_us, idle_us_help)
        ->type_name("N")
        ->check(CLI::Range(0.0, max_idle_us).description(""));
    app.add_flag("--verify", o.verify, verify_help);
    app.add_option("--touch", raw.touch, touch_help)
        ->type_name("none|first|all")
        ->check(CLI::IsMember(names_of(touches)).description(""));
}

void add_end_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    app.add_option("--wait", o.wait_s, wait_help)
        ->type_name("SECONDS")
        ->check(CLI::NonNegativeNumber.description(""));
    app.add_flag("--stay", o.stay, stay_help);
    app.add_flag("--exit-on-link-down", o.exit_on_link_down, exit_on_link_down_help);
}

void add_port_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    app.add_option("--api", raw.api, api_help)
        ->type_name("ethdev|fabric")
        ->check(CLI::IsMember(names_of(apis)).description(""));
    app.add_option("--port", o.port, port_help)->type_name("N");
    app.add_option("--mtu", o.mtu, mtu_help)
        ->type_name("BYTES")
        ->check(CLI::Range(68U, max_frame - ether_header).description(""));
    app.add_option("--mbufs", o.mbufs, mbufs_help)
        ->type_name("N")
        ->check(CLI::Range(64U, 1U << 24).description(""));
    app.add_option("--mbuf-size", o.mbuf_size, mbuf_size_help)
        ->type_name("BYTES")
        ->check(CLI::Range(128U, max_frame - 128).description(""));
    app.add_flag("--zero-copy", o.zero_copy, zero_copy_help);
    app.add_option("--socket", o.socket, socket_help)->type_name("PATH");
    app.add_option("--cpu", o.cpu, cpu_help)
        ->type_name("N")
        ->check(CLI::Range(0U, 1023U).description(""));
}

// An option of the other API would be ignored without a word.
void check_api_has(const CLI::App& app, const Options& o) {
    const bool fabric = o.api == Api::fabric;
    const std::vector<const char*> others =
        fabric ? std::vector{"--port", "--mtu", "--mbufs", "--mbuf-size", "--zero-copy", "--queues"}
               : std::vector{"--socket", "--cpu"};
    for (const char* name : others) {
        if (app.count(name) == 0) continue;
        throw std::invalid_argument(fabric
                                        ? fmt::format("{}: --api fabric has no ethdev port", name)
                                        : fmt::format("{}: is for --api fabric alone; {}", name,
                                                      std::string_view(name) == "--cpu"
                                                          ? "EAL has -l"
                                                          : "net_famez has the devarg socket="));
    }
    if (fabric && o.peer && *o.peer != Peer{broadcast_address} && peer_id(*o.peer) == 0) {
        throw std::invalid_argument(
            "--peer: with --api fabric give the id of a port of the fabric (1 and up), any or "
            "broadcast");
    }
}

void add_output_options(CLI::App& app, Raw& raw) {
    Options& o = raw.options;
    app.add_flag("--json", raw.json, json_help);
    app.add_flag("--csv", raw.csv, csv_help);
    app.add_option("--hist", o.histogram_file, hist_help)->type_name("FILE");
    app.add_flag("--quiet", o.quiet, quiet_help);
    app.add_option("--interval", o.interval_s, interval_help)
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber.description(""));
}

// Enough for caches to be warm; at a rate, no more than a tenth of a second.
std::uint64_t default_warmup(const Options& o) {
    if (o.role != Role::ping) return 0;
    return o.rate ? std::min(ping_warmup, *o.rate / 10) : ping_warmup;
}

void check_role_has(const Options& o) {
    if (o.rate && !sends(o.role)) {
        throw std::invalid_argument(fmt::format(
            "--rate: {} sends nothing of its own; give it to ping or tx", to_string(o.role)));
    }
    if (o.idle_us && o.role == Role::tx && !o.rate) {
        throw std::invalid_argument(
            "--idle-us: without --rate tx always has something to send, and never sleeps");
    }
    if (o.queues > 1 && (o.role == Role::ping || o.role == Role::pong)) {
        throw std::invalid_argument(
            fmt::format("--queues: {} has one; give it to tx or rx", to_string(o.role)));
    }
    if (o.queues > 1 && o.role == Role::tx && o.wait_s == 0) {
        throw std::invalid_argument("--queues: the other end must be told; leave out --wait 0");
    }
    if (o.queues > 1 && o.role == Role::tx &&
        std::any_of(o.sizes.begin(), o.sizes.end(),
                    [](const SizeRange& range) { return range.min < min_queues_frame; })) {
        throw std::invalid_argument(
            fmt::format("--queues: needs frames of {} bytes or more", min_queues_frame));
    }
    if (!o.histogram_file.empty() && o.role != Role::ping) {
        throw std::invalid_argument(
            fmt::format("--hist: {} measures no round trips; give it to ping", to_string(o.role)));
    }
}

// What depends on several options, or on the role.
Options finish(const CLI::App& app, const Raw& raw) {
    Options o = raw.options;
    o.role = roles.at(raw.role);
    o.api = apis.at(raw.api);
    o.touch = touches.at(raw.touch);
    o.sizes_given = !raw.sizes.empty();
    o.sizes = parse_sizes(o.sizes_given ? raw.sizes : "64",
                          o.api == Api::fabric ? max_message : max_frame);
    o.peer = parse_peer(raw.peer);
    o.burst = raw.burst.value_or(o.role == Role::ping ? 1 : 32);
    o.warmup = raw.warmup.value_or(default_warmup(o));
    check_role_has(o);
    check_api_has(app, o);
    if (raw.json && raw.csv) throw std::invalid_argument("--json and --csv exclude each other");
    o.format = raw.json ? Format::json : (raw.csv ? Format::csv : Format::table);
    if (sends(o.role) && !o.count && !o.duration_s) o.duration_s = 5.0;
    if (!sends(o.role) && o.sizes.size() > 1) {
        throw std::invalid_argument(
            fmt::format("--size: {} learns the sizes of a sweep from the sender; leave it out, or "
                        "give the largest one",
                        to_string(o.role)));
    }
    if (o.mtu && o.largest_frame() > *o.mtu + ether_header) {
        throw std::invalid_argument(fmt::format("--mtu {}: frames of {} bytes need an MTU of {}",
                                                *o.mtu, o.largest_frame(),
                                                o.largest_frame() - ether_header));
    }
    return o;
}

ParseEnd mistake(const std::string& what) {
    return {exit_usage, fmt::format("{}\nfamez_pingpong --help tells all options", what)};
}

}  // namespace

const char* to_string(Role role) {
    switch (role) {
        case Role::ping:
            return "ping";
        case Role::pong:
            return "pong";
        case Role::tx:
            return "tx";
        case Role::rx:
            return "rx";
    }
    return "?";
}

std::uint32_t Options::largest_frame() const {
    std::uint32_t largest = control_frame;
    for (const SizeRange& range : sizes)
        largest = std::max(largest, range.max);
    return largest;
}

std::optional<Peer> parse_peer(const std::string& text) {
    if (text == "any") return std::nullopt;
    if (text == "broadcast") return broadcast_address;
    const char* const end = text.data() + text.size();
    std::uint16_t id = 0;
    if (auto [rest, error] = std::from_chars(text.data(), end, id);
        error == std::errc{} && rest == end) {
        return id;
    }
    MacAddress mac{};
    const char* at = text.data();
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const bool last = i + 1 == mac.size();
        auto [rest, error] = std::from_chars(at, end, mac[i], 16);
        const bool separated = last ? rest == end : rest != end && *rest == ':';
        if (error != std::errc{} || !separated) {
            throw std::invalid_argument(
                fmt::format("--peer: '{}' is neither a fabric id (0 to 65535), nor a MAC address "
                            "(02:fa:3e:00:00:01), nor one of the words any and broadcast",
                            text));
        }
        at = last ? rest : rest + 1;
    }
    return mac;
}

std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments) {
    CLI::App app{help_description, "famez_pingpong"};
    app.footer(help_footer);
    app.formatter(std::make_shared<EalHelpFormatter>(help_usage));
    app.set_help_flag("-h,--help", "This text.")->group("OTHER");
    app.set_version_flag("-V,--version", std::string("famez_pingpong " FAMEZ_VERSION),
                         "The version.")
        ->group("OTHER");
    Raw raw;
    app.option_defaults()->group("WHAT TO SEND");
    add_run_options(app, raw);
    app.option_defaults()->group("WHEN TO BEGIN AND END");
    add_end_options(app, raw);
    app.option_defaults()->group("THE PORT");
    add_port_options(app, raw);
    app.option_defaults()->group("OUTPUT");
    add_output_options(app, raw);
    try {
        // CLI11 takes a vector from its end.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
        return finish(app, raw);
    } catch (const CLI::CallForHelp&) {
        return ParseEnd{0, app.help()};
    } catch (const CLI::CallForVersion& version) {
        return ParseEnd{0, version.what() + std::string("\n")};
    } catch (const CLI::ParseError& error) {
        return mistake(error.what());
    } catch (const std::invalid_argument& error) {
        return mistake(error.what());
    }
}

}  // namespace famez::pingpong
