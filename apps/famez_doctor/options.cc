// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace famez::doctor {
namespace {

constexpr int exit_usage = 2;

constexpr const char* description =
    "famez_doctor looks at this machine, a host or a guest, and says what keeps famez from "
    "working\n"
    "and how to mend it. It changes nothing.\n";

constexpr const char* footer = R"(EXAMPLES
  famez_doctor
      Look at everything.
  famez_doctor --quiet
      Say only what is not well.
  famez_doctor --socket /run/famez/a.sock --attach
      On a host: join that fabric for a moment, and look into its region.

EXIT STATUS
  0 no problem (there may be warnings);  1 a problem;  2 wrong usage
)";

void add_options(CLI::App& app, Options& options, bool& guest, bool& host) {
    Environment& environment = options.environment;
    auto* as_guest = app.add_flag("--guest", guest, "Look at a virtual machine.");
    app.add_flag("--host", host, "Look at a host. Without either it finds out.")
        ->excludes(as_guest);
    app.add_option("--socket", environment.socket, "On a host: the server's socket.")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_flag("--attach", environment.attach,
                 "On a host: join the fabric and leave it again, to see that it works.");
    app.add_option("--device", environment.device,
                   "In a guest: only this device (00:03.0), not all that there are.")
        ->type_name("ADDRESS");
    app.add_flag("-q,--quiet", options.quiet, "Say only what is not well.");
    app.add_flag("--json", options.json, "Print JSON.");
    // Without a group they are not in the help: for tests.
    app.add_option("--sysfs", environment.sysfs)->group("");
    app.add_option("--proc", environment.proc)->group("");
    app.add_option("--dev", environment.dev)->group("");
}

}  // namespace

std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments,
                                              const Environment& environment) {
    CLI::App app{description, "famez_doctor"};
    app.footer(footer);
    app.set_help_flag("-h,--help", "This text.");
    app.set_version_flag("-V,--version", std::string("famez_doctor " FAMEZ_VERSION),
                         "The version.");
    Options options;
    options.environment = environment;
    bool guest = false;
    bool host = false;
    add_options(app, options, guest, host);
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
            fmt::format("famez_doctor: {}\nfamez_doctor --help tells all options\n", error.what())};
    }
    if (guest) options.place = Place::guest;
    if (host) options.place = Place::host;
    return options;
}

}  // namespace famez::doctor
