// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <sstream>

#include <famez/layout.h>

namespace famez::client {
namespace {

constexpr std::size_t message_max = sizeof(layout::MailSlot::buf) - 1;
constexpr double seconds_max = 1e6;

constexpr const char* description =
    "famez_client takes part in the mail of a famez fabric, or of an original FAME-Z server: it\n"
    "tells who is there, sends and receives messages, and watches the traffic. With a command it\n"
    "does that and ends; without one it is a console.\n";

constexpr const char* footer = R"(TARGETS
  An id (3, 0x3), a node name (z03), server or switch, all (with this client and the server) or
  others (all but this client). all and others are delivered to each.

EXAMPLES
  famez_client
      The console: Tab completes commands and names, Ctrl-D ends.
  famez_client -S /run/famez/a.sock who
      Who is there.
  famez_client send z03 hello there
      A message. Exit code 0: z03 has it.
  famez_client ping 3 -c 1000 -i 0
      A thousand as fast as they are answered, and the percentiles.
  famez_client listen -n 1 --json
      Wait for one message.
  famez_client --name watcher watch
      A live table of ports, rates and drops.
  famez_client listen --verify -n 1000000 & famez_client flood 1 -n 1000000
      A million messages in order, and how fast.

EXIT STATUS
  0 done;  1 a failure: not delivered, not answered, no server;  2 wrong usage
  'famez_client COMMAND --help' says what that means for a command.
)";

using Commands = std::function<void(CLI::App&, Command&)>;

CLI::App* add_command(CLI::App& app, Command& command, Verb verb, const char* name,
                      const char* text, const char* exit_status) {
    CLI::App* added = app.add_subcommand(name, text);
    added->callback([&command, verb] { command.verb = verb; });
    added->footer(fmt::format("EXIT STATUS\n  {}\n", exit_status));
    added->set_help_flag("-h,--help", "This text.");
    return added;
}

void add_target(CLI::App* to, std::string& target, const char* name, const char* text) {
    to->add_option(name, target, text)->required()->type_name("");
}

void add_text(CLI::App* to, Command& command) {
    to->add_option("text", command.text,
                   "Words of the message; -- in front of them if one begins with a dash.")
        ->required()
        ->type_name("");
}

void add_count(CLI::App* to, Command& command, const char* text) {
    // -1 would be read as a very large number.
    to->add_option("-c,-n,--count", command.count, text)
        ->type_name("N")
        ->check(CLI::Validator(CLI::NonNegativeNumber).description(""));
}

void add_interval(CLI::App* to, Command& command, const char* text) {
    to->add_option("-i,--interval", command.interval, text)
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, seconds_max).description(""));
}

void add_quiet(CLI::App* to, Command& command, const char* text) {
    to->add_flag("-q,--quiet", command.quiet, text);
}

void add_looking(CLI::App& app, Command& command) {
    add_command(app, command, Verb::who, "who",
                "Who is there: id, node name, class, Gen-Z ids, state (up and stopped for ports "
                "with lanes, mail for others).",
                "0 always")
        ->alias("list");
    add_command(app, command, Verb::dump, "dump",
                "Ask the server to draw its switch, and draw it here too.",
                "0 the server was asked;  1 it could not be")
        ->alias("d");
    auto* watch = add_command(app, command, Verb::watch, "watch",
                              "A live table of ports: rates, drops, lanes. Plain lines where the "
                              "output is no terminal. Ctrl-C ends.",
                              "0 always, 1 where the region has no fabric");
    add_interval(watch, command, "Between looks (1).");
    add_count(watch, command, "End after so many looks.");
}

void add_mail(CLI::App& app, Command& command) {
    auto* send =
        add_command(app, command, Verb::send, "send", "Send a message, and see that it is taken.",
                    "0 each target has it;  1 one of them has not");
    send->alias("s");
    add_target(send, command.target, "target", "Whom it is for.");
    add_text(send, command);
    auto* ask = add_command(app, command, Verb::ask, "ask",
                            "Send a message and print what comes back: 'ask server stats'.",
                            "0 something came;  1 not delivered, or no answer");
    add_target(ask, command.target, "target",
               "Who is asked. A famez_server knows help, who, stats.");
    add_text(ask, command);
    auto* ping =
        add_command(app, command, Verb::ping, "ping", "Ask whether somebody answers, and how fast.",
                    "0 each ping was answered;  1 one was not");
    ping->alias("p");
    add_target(ping, command.target, "target", "Who is to answer.");
    add_count(ping, command, "How many (1); 0: until Ctrl-C.");
    add_interval(ping, command, "Between them (1); 0: as fast as they are answered.");
    add_quiet(ping, command, "Only the summary.");
    auto* listen = add_command(app, command, Verb::listen, "listen",
                               "Print messages as they come, until Ctrl-C.",
                               "0 all well;  1 fewer than -n came in --seconds, or --verify found "
                               "losses");
    add_count(listen, command, "End after so many.");
    listen->add_option("--seconds", command.seconds, "End after this time.")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, seconds_max).description(""));
    listen->add_flag("--verify", command.verify,
                     "Count what comes from flood: lost, out of order, how fast.");
    add_quiet(listen, command, "Do not print the messages.");
    auto* spoof = add_command(app, command, Verb::spoof, "spoof",
                              "Send a message in another's name, out of its slot.", "as for send");
    add_target(spoof, command.source, "source", "In whose name.");
    add_target(spoof, command.target, "target", "Whom it is for.");
    add_text(spoof, command);
    auto* flood = add_command(app, command, Verb::flood, "flood",
                              "Send numbered messages as fast as they are taken.",
                              "0 all were taken;  1 one was not, which ends it");
    add_target(flood, command.target, "target", "Who is to take them: see listen --verify.");
    add_count(flood, command, "How many (20000).");
    flood->add_option("-s,--size", command.size, "Bytes of each, filled up with dots.")
        ->type_name("BYTES")
        ->check(CLI::Range(std::size_t{0}, message_max).description(""));
}

void add_managing(CLI::App& app, Command& command) {
    auto* link = add_command(app, command, Verb::link, "link",
                             "Ask for a peer's attributes (Link CTL Peer-Attribute).",
                             "0 acknowledged;  1 refused, or no answer");
    add_target(link, command.target, "target", "Whose.");
    add_command(app, command, Verb::rfc, "rfc",
                "Ask the managing server to configure this client (Link RFC), go through the whole "
                "exchange, and show the Gen-Z ids given.",
                "0 configured;  1 not");
}

// What goes with each command, in front of it or behind.
void add_common(CLI::App& app, Command& command) {
    app.add_flag("--json", command.json, "Print JSON, an object a line.");
    app.add_flag("-v,--verbose", command.verbose, "Say more; twice: show all mail, answers too.");
    app.add_option("-W,--timeout", command.patience,
                   "How long others have to take a message, and then to answer.")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.001, seconds_max).description(""))
        ->capture_default_str();
}

void add_attaching(CLI::App& app, AttachOptions& options) {
    app.add_option("-S,--socketpath", options.socket_path, "The server's socket.")
        ->type_name("PATH")
        ->capture_default_str();
    const auto name_check = CLI::Validator(
        [](std::string& name) {
            return name.empty() || name.size() > 31 ? "1 to 31 bytes, please" : "";
        },
        "", "name");
    app.add_option("-a,--name", options.node_name, "The node name to show (z and the id).")
        ->type_name("NODE")
        ->check(name_check);
    app.add_option("--class", options.node_class, "The component class to show.")
        ->type_name("CLASS")
        ->check(name_check)
        ->capture_default_str();
}

void add_commands(CLI::App& app, Command& command) {
    app.fallthrough();
    app.require_subcommand(0, 1);
    add_common(app, command);
    add_looking(app, command);
    add_mail(app, command);
    add_managing(app, command);
}

// Help of a subcommand is asked of the app that it belongs to.
ParseEnd explain(const CLI::App& app, const CLI::ParseError& error, const std::string& hint) {
    if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr) return {exit_ok, app.help()};
    if (error.get_exit_code() == 0) return {exit_ok, error.what() + std::string("\n")};
    return {exit_usage, fmt::format("famez_client: {}\n{}\n", error.what(), hint)};
}

// The words of a message are what the user typed, dashes and all: behind the targets.
void protect_text(std::vector<std::string>& words) {
    if (words.empty()) return;
    const bool spoof = words[0] == "spoof";
    if (!spoof && words[0] != "send" && words[0] != "s" && words[0] != "ask") return;
    const std::size_t targets = spoof ? 2 : 1;
    if (words.size() < targets + 2) return;
    const auto first_text = words.begin() + static_cast<std::ptrdiff_t>(targets) + 1;
    if (std::any_of(words.begin(), first_text, [](const auto& w) { return w.starts_with('-'); }))
        return;
    if (*first_text != "--") words.insert(first_text, "--");
}

std::vector<std::string> split(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

void add_console_commands(CLI::App& app, Command& command) {
    add_commands(app, command);
    auto* help = add_command(app, command, Verb::help, "help", "This text, or a command's.", "0");
    help->alias("h")->alias("?");
    help->add_option("command", command.text, "Which.")->type_name("");
    add_command(app, command, Verb::quit, "quit", "End the console; Ctrl-D does too.", "0")
        ->alias("q")
        ->alias("exit");
}

}  // namespace

std::variant<Invocation, ParseEnd> parse_arguments(const std::vector<std::string>& arguments) {
    Invocation invocation;
    CLI::App app{description, "famez_client"};
    app.footer(footer);
    app.set_help_flag("-h,--help", "This text.");
    app.set_version_flag("-V,--version", std::string("famez_client " FAMEZ_VERSION),
                         "The version.");
    add_attaching(app, invocation.attach);
    add_commands(app, invocation.command);
    auto* help = app.add_subcommand("help", "This text, or a command's.");
    std::string topic;
    help->add_option("command", topic, "Which.")->type_name("");
    try {
        // CLI11 takes a vector from its end.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
        if (!help->parsed()) return invocation;
        // A new parser: this one's help is that of the command given.
        if (topic.empty()) return parse_arguments({"--help"});
        return parse_arguments({topic, "--help"});
    } catch (const CLI::ParseError& error) {
        return explain(app, error, "famez_client --help tells more");
    }
}

std::variant<Command, ParseEnd> parse_line(const std::string& line, const Command& defaults) {
    std::vector<std::string> words = split(line);
    protect_text(words);
    Command command = defaults;
    CLI::App app{"Commands:", ""};
    app.footer(
        "A target is an id, a node name, server, switch, all or others.\n"
        "'help COMMAND' tells more.\n");
    app.set_help_flag("-h,--help", "This text.");
    add_console_commands(app, command);
    const std::string hint = "'help' tells all commands";
    try {
        std::reverse(words.begin(), words.end());
        app.parse(words);
        if (command.verb != Verb::help) return command;
        return parse_line((command.text.empty() ? "" : command.text.front()) + " --help", defaults);
    } catch (const CLI::ParseError& error) {
        return explain(app, error, hint);
    }
}

std::vector<std::string> command_words() {
    Command command;
    CLI::App app;
    add_console_commands(app, command);
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands(nullptr))
        names.push_back(sub->get_name());
    return names;
}

}  // namespace famez::client
