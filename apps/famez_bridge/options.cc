// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace famez::bridge {
namespace {

constexpr const char* description =
    "famez_bridge makes a character device of a net_famez port, for messages by echo and cat, as\n"
    "FAME-Z's kernel module did.\n";

constexpr const char* footer = R"(THE DEVICE
  echo "3:hello there" > /dev/famez_bridge_04
      Sends to id 3. In place of 3: 0x3; 300,27 (CID,SID); or server, switch, link, interface.
  cat < /dev/famez_bridge_04
      Prints what comes, as CID,SID:text, until Ctrl-C.

EAL OPTIONS
  They stand before "--". The driver's: -d librte_net_famez.so (not needed where it is installed).
  Without hugepages: --no-huge -m 32 --no-shconf. On a host: --vdev=net_famez0,socket=PATH.

EXIT STATUS
  0 ended by Ctrl-C or SIGTERM;  1 a failure, or the device was taken away;  2 wrong usage

EXAMPLES
  famez_bridge --no-huge -m 32 --no-shconf --
      In a guest: /dev/famez_bridge_04, if its ivshmem device is 0000:00:04.0.
  famez_bridge --no-huge -m 32 --no-shconf --vdev=net_famez0 -- --fifo /run/user/1000/famez
      On a host without CUSE: write lines to /run/user/1000/famez.tx, read from .rx.
)";

void add_options(CLI::App& app, Options& options) {
    app.add_option("--port", options.port, "Which ethdev port, if there are several of net_famez.")
        ->type_name("N");
    auto* name =
        app.add_option("--name", options.name,
                       "The device is /dev/NAME; without it /dev/famez_bridge_ and the PCI slot.");
    name->type_name("NAME")->check(
        [](const std::string& text) {
            return text.empty() || text.find('/') != std::string::npos
                       ? std::string("a name, without /")
                       : std::string();
        },
        "");
    auto* shared = app.add_flag("--shared", options.shared,
                                "More than one may open the device; a message goes to one reader.");
    app.add_option("--fifo", options.fifo,
                   "No device but two FIFOs, PATH.tx and PATH.rx: where there is no CUSE.")
        ->type_name("PATH")
        ->excludes(name)
        ->excludes(shared);
}

}  // namespace

std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments) {
    CLI::App app{description, "famez_bridge [EAL options] --"};
    app.footer(footer);
    app.set_help_flag("-h,--help", "This text.");
    app.set_version_flag("-V,--version", std::string("famez_bridge " FAMEZ_VERSION),
                         "The version.");
    Options options;
    add_options(app, options);
    try {
        // CLI11 takes a vector from its end.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return ParseEnd{0, app.help()};
    } catch (const CLI::CallForVersion& version) {
        return ParseEnd{0, version.what() + std::string("\n")};
    } catch (const CLI::ParseError& error) {
        return ParseEnd{
            exit_usage,
            fmt::format("famez_bridge: {}\nfamez_bridge --help tells all options\n", error.what())};
    }
    return options;
}

}  // namespace famez::bridge
