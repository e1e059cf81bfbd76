// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <map>

namespace famez::rivals {
namespace {

constexpr std::uint32_t largest = std::uint32_t{64} << 20;

const std::map<std::string, Role> roles = {
    {"rx", Role::rx}, {"tx", Role::tx}, {"pong", Role::pong}, {"ping", Role::ping}};
const std::map<std::string, Bytes> amounts = {{"first", Bytes::first}, {"all", Bytes::all}};

template <class Value>
const char* name_of(const std::map<std::string, Value>& names, Value wanted) {
    for (const auto& [name, value] : names) {
        if (value == wanted) return name.c_str();
    }
    return "?";
}

}  // namespace

const char* to_string(Role role) {
    return name_of(roles, role);
}

const char* to_string(Bytes bytes) {
    return name_of(amounts, bytes);
}

Options parse(const char* program, const char* what, int argc, char** argv) {
    Options options;
    CLI::App app(what, program);
    app.add_option("role", options.role, "rx and tx, or pong and ping; rx and pong come first")
        ->required()
        ->transform(CLI::CheckedTransformer(roles));
    app.add_option("--dir", options.directory, "a directory that both ends may write")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_option("--size", options.size, "bytes of a message; the same at both ends")
        ->check(CLI::Range(smallest, largest));
    app.add_option("--duration", options.seconds, "tx, ping: seconds")->check(CLI::PositiveNumber);
    app.add_option("--write", options.written, "tx: what it writes of each message: first, all")
        ->transform(CLI::CheckedTransformer(amounts));
    app.add_option("--touch", options.touched, "rx: what it reads of each message: first, all")
        ->transform(CLI::CheckedTransformer(amounts));
    app.add_option("--window", options.window, "messages under way at once");
    app.add_option("--cpu", options.cpu, "the CPU to run on");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& end) {
        std::exit(app.exit(end) == 0 ? 0 : 2);
    }
    return options;
}

}  // namespace famez::rivals
