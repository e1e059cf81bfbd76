// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <grp.h>

#include <bit>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string_view>

namespace famez {
namespace {

constexpr const char* description =
    "famez_server keeps a famez fabric: a shared-memory region through which virtual machines and\n"
    "processes of one host exchange messages. It serves QEMU's ivshmem protocol on a UNIX socket:\n"
    "each client is given a port id, the region and the eventfds (doorbells) of all ports. It is\n"
    "not on the data path: ports go on talking when it ends.\n";

constexpr const char* footer = R"(SIZES
  A number of bytes, or with K, M or G behind it (1024-based): 128K, 8M, 1G.

EXAMPLES
  famez_server
      A fabric of 14 ports for this user.
  famez_server -S /run/famez/a.sock --socket-group kvm --socket-mode 0660 --ports 62
      A larger one that members of the group kvm may join.
  qemu-system-x86_64 ... -chardev socket,id=ZMSG,path=/tmp/ivshmsg_socket \
      -device ivshmem-doorbell,chardev=ZMSG,vectors=16
      A virtual machine on port 1..14 of the first.
  famez_server --daemon --logfile /var/log/famez.log --hugepages 1G --numa-node 1
      In the background, its memory from node 1.
  curl 127.0.0.1:1991/system
      Who is on it; /metrics is for Prometheus.
  famez_server --stock -n 2
      No fabric: what QEMU's own ivshmem-server does.
  dpdk-testpmd -l 0,1 --in-memory --no-pci -d librte_net_famez.so \
      --vdev=net_famez0,socket=/tmp/ivshmsg_socket -- --total-num-mbufs=16384 -i
      A process on it.

WHO MAY JOIN
  Whoever may connect to the socket can write to the whole region, and so can destroy every
  message on the fabric. The socket is its owner's alone unless --socket-mode says otherwise.

DESCRIPTORS
  Each client holds (ports + 1) x vectors eventfds, usually under a limit of 1024 (ulimit -n);
  stock QEMU does not survive running out of them. The default vectors keep below that as long as
  they can. The server raises its own soft limit to the hard one.

CONSOLE
  In a terminal the server has a prompt: help, dump (the switch drawn), who, stats, quit. Ctrl-D
  ends the server too. FAME-Z mail to the server may say dump, who and stats as well.

SIGNALS
  SIGINT, SIGTERM, SIGHUP   end the server; the socket and a --mailbox file are removed. Ports go
                            on talking to each other; the region lives as long as one of them.
  SIGHUP with --logfile     opens the log file anew (logrotate), and the server goes on.

SYSTEMD
  famez_server.service and famez_server.socket are installed with it. A listening socket that
  systemd passes (sd_listen_fds) is served in place of --socketpath, and left there at the end.

EXIT STATUS
  0 ended by a signal, or help or version printed;  1 a failure;  2 wrong usage
)";

template <typename Integer>
std::optional<Integer> to_integer(std::string_view text, int base) {
    Integer value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

mode_t parse_mode(const std::string& text) {
    const auto mode = to_integer<unsigned>(text, 8);
    if (!mode || *mode > 0777) {
        throw CLI::ValidationError("--socket-mode",
                                   fmt::format("{} is no mode: octal digits, 0 to 0777", text));
    }
    return *mode;
}

gid_t parse_group(const std::string& text) {
    if (const auto gid = to_integer<gid_t>(text, 10)) return *gid;
    const group* entry = ::getgrnam(text.c_str());
    if (entry == nullptr) {
        throw CLI::ValidationError("--socket-group", fmt::format("there is no group {}", text));
    }
    return entry->gr_gid;
}

std::uint64_t parse_hugepages(const std::string& text) {
    if (text.empty()) return 0;  // the option alone
    std::string number = text;
    const std::string wrong = CLI::AsSizeValue(false)(number);
    const auto bytes = to_integer<std::uint64_t>(number, 10);
    if (!wrong.empty() || !bytes || *bytes < layout::page_bytes || !std::has_single_bit(*bytes)) {
        throw CLI::ValidationError(
            "--hugepages", fmt::format("{} is no size of hugepages: 2M and 1G are usual", text));
    }
    return *bytes;
}

MailDialect parse_dialect(const std::string& text) {
    if (text == "with-class") return MailDialect::with_class;
    if (text == "without-class") return MailDialect::without_class;
    throw CLI::ValidationError("--mail-dialect",
                               fmt::format("{} is no dialect: with-class or without-class", text));
}

std::string check_mailbox(const std::string& name) {
    if (!name.empty() && name.size() < 256 && name[0] != '.' &&
        name.find('/') == std::string::npos) {
        return {};
    }
    return "a name for a file under /dev/shm: no slash, no dot in front";
}

void add_attachment_options(CLI::App& app, ServerOptions& options) {
    app.add_option("-S,--socketpath", options.socket_path,
                   "The UNIX socket for clients. A dead server's socket is replaced, a living "
                   "server's is refused")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--socket-mode",
           [&options](const std::string& text) { options.socket_mode = parse_mode(text); },
           "Rights of the socket: write permission is what lets a client connect")
        ->type_name("OCTAL")
        ->default_str("0600");
    app.add_option_function<std::string>(
           "--socket-group",
           [&options](const std::string& text) { options.socket_group = parse_group(text); },
           "Group of the socket, a name or a number (give it rights by --socket-mode)")
        ->type_name("GROUP")
        ->default_str("the process's");
    app.add_option("-M,--mailbox", options.mailbox,
                   "Make the region a file of this name under /dev/shm (mode 0600, removed at the "
                   "end) instead of a sealed memfd. Such a file can be shortened by its owner, "
                   "which kills every port: clients refuse it unless told otherwise")
        ->type_name("NAME")
        ->check(CLI::Validator(check_mailbox, ""));
}

void add_geometry_options(CLI::App& app, ServerOptions& options) {
    GeometryRequest& geometry = options.geometry;
    const CLI::AsSizeValue size(false);
    app.add_option("--ports,--nClients", geometry.ports, "Ports: the ids 1 to N")
        ->type_name("N")
        ->check(CLI::Range(1U, layout::ports_max))
        ->capture_default_str();
    app.add_option("-n", options.short_n,
                   "The same; with --stock the vectors, as to QEMU's ivshmem-server")
        ->type_name("N")
        ->check(CLI::Range(1U, layout::ports_max))
        ->excludes("--ports");
    app.add_option("--fabric", geometry.number,
                   "Number of this fabric, 0 to 255: the fourth octet of its ports' MAC addresses "
                   "(02:fa:3e:NN:...). Fabrics that a switch joins need different ones")
        ->type_name("N")
        ->check(CLI::Range(0U, layout::fabric_number_max))
        ->capture_default_str();
    app.add_option(
           "--vectors", options.vectors,
           "Eventfds of each port. FAME-Z mail needs ports + 2; each lane beyond the first has a "
           "doorbell of its own if there is one more for it")
        ->type_name("N")
        ->check(CLI::Range(1U, vectors_max))
        ->default_str(fmt::format(
            "ports + 1 + lanes as long as ports x vectors <= {}, else ports + 2, else one a lane",
            descriptors_for_default_vectors));
    app.add_option("-l,--region-size", geometry.region_bytes,
                   "Size of the region, a power of two. Memory is used only where it is touched")
        ->type_name("SIZE")
        ->transform(size)
        ->default_str("1G, with --stock 4M");
    app.add_option("--lanes", geometry.lanes, "Lanes from each port to each other port")
        ->type_name("N")
        ->check(CLI::Range(1U, layout::lanes_max))
        ->capture_default_str();
    app.add_option("--ring-size", geometry.ring_bytes,
                   "Ring of a lane, a power of two; the largest message is half of it")
        ->type_name("SIZE")
        ->transform(size)
        ->default_str("128K to 1M, as ports and slabs allow");
    app.add_option("--slab-size", geometry.slab_bytes,
                   "What a port has for the rings of those that send to it")
        ->type_name("SIZE")
        ->transform(size)
        ->default_str("16M a lane, less if half the region is too small");
    app.add_option("--arena-size", geometry.arena_bytes, "What a port has for zero-copy buffers")
        ->type_name("SIZE")
        ->transform(size)
        ->default_str("what remains, a power of two, at most 64M");
}

void add_memory_options(CLI::App& app, ServerOptions& options) {
    app.add_option_function<std::string>(
           "--hugepages",
           [&options](const std::string& text) { options.hugepages = parse_hugepages(text); },
           "Make the region of hugepages, of this size or of the system's default one. All are "
           "taken at the start; if there are too few the server does not start")
        ->type_name("[SIZE]")
        ->expected(0, 1)
        ->excludes("--mailbox");
    app.add_option("--numa-node", options.numa_node,
                   "Take the region's memory, and the server's, from this NUMA node only")
        ->type_name("N")
        ->check(CLI::Range(0, 1023));
}

void add_process_options(CLI::App& app, ServerOptions& options) {
    app.add_flag("-D,--daemon", options.daemon,
                 "Serve in the background. The command ends when the server is ready, or with 1 "
                 "when it cannot be");
    app.add_option("-L,--logfile", options.logfile,
                   "Append what is logged to this file, each line with its time")
        ->type_name("PATH")
        ->default_str("standard error");
    app.add_flag("-v,--verbose", options.verbosity, "Log who comes and goes");
    app.set_version_flag("--version", "famez_server " FAMEZ_VERSION, "Print the version and end");
    app.set_help_flag("-h,--help", "Print this and end");
}

void add_stock_option(CLI::App& app, ServerOptions& options) {
    CLI::Option* stock =
        app.add_flag("--stock", options.stock,
                     "Do as QEMU's own ivshmem-server does, and make no fabric: ids rise from 0, "
                     "one vector, an empty region, ends are told");
    for (const char* other : {"--ports", "--fabric", "--lanes", "--ring-size", "--slab-size",
                              "--arena-size", "--recycle", "--no-recycle"}) {
        stock->excludes(other);
    }
}

void add_behaviour_options(CLI::App& app, ServerOptions& options) {
    CLI::Option* recycle = app.add_flag_callback(
        "--recycle", [&options] { options.recycle = true; },
        "Give the id and the eventfds of a port that ended to the next, silently. This is the "
        "default");
    app.add_flag_callback(
           "--no-recycle,--norecycle", [&options] { options.recycle = false; },
           "Tell the others when a port ends and never use its id again: the fabric is used up "
           "after as many clients as it has ports")
        ->excludes(recycle);
    add_stock_option(app, options);
    app.add_flag("-s,--silent", options.silent,
                 "Do not show the server itself to clients as the peer ports + 1: no mail reaches "
                 "it");
}

void add_mail_options(CLI::App& app, ServerOptions& options) {
    app.add_flag_callback(
        "--no-manager,--noPFM", [&options] { options.manager = false; },
        "Manage nothing: be Z-server instead of Z-switch, and configure no port that asks for it");
    app.add_option_function<std::string>(
           "--mail-dialect",
           [&options](const std::string& text) { options.mail_dialect = parse_dialect(text); },
           "Layout of the FAME-Z mail slots: with-class, or without-class for clients of its older "
           "days")
        ->type_name("NAME")
        ->default_str("with-class");
}

void add_rest_option(CLI::App& app, ServerOptions& options) {
    app.add_option_function<std::string>(
           "--rest",
           [&options](const std::string& text) {
               options.rest_given = true;
               options.rest = parse_rest_address(text);
               if (options.rest || text == "off") return;
               throw CLI::ValidationError(
                   "--rest", fmt::format("{} is no ADDR:PORT, [IPv6]:PORT or off", text));
           },
           "Show the fabric by HTTP at ADDR:PORT or [IPv6]:PORT, to whoever can connect: /system, "
           "/ports, /lanes and /metrics, read-only. Port 0 is any that is free; off is none")
        ->type_name("ADDRESS")
        ->default_str("127.0.0.1:1991 if that is free, with --stock off");
}

// CLI11's own layout shows the checks inside the option's name and knows no line width.
class HelpFormatter : public CLI::Formatter {
  public:
    HelpFormatter() { column_width(name_column); }

    std::string make_option_opts(const CLI::Option* option) const override {
        const std::string type = option->get_type_name();  // the name, then ":" and the checks
        return type.empty() ? "" : " " + type.substr(0, type.find(':'));
    }

    std::string make_option_desc(const CLI::Option* option) const override {
        std::string text = option->get_description();
        const std::string preset = option->get_default_str();
        if (!preset.empty()) text += ". Default: " + preset;
        return wrap(text + ".");
    }

  private:
    static constexpr std::size_t name_column = 31;
    static constexpr std::size_t text_width = 66;

    static std::string wrap(const std::string& text) {
        std::istringstream words(text);
        std::string lines;
        std::size_t column = 0;
        for (std::string word; words >> word; column += word.size()) {
            const bool breaks = column > 0 && column + 1 + word.size() > text_width;
            if (column > 0) lines += breaks ? '\n' : ' ';
            column = breaks ? 0 : column + 1;
            lines += word;
        }
        return lines;
    }
};

std::string one_line(std::string text) {
    for (char& c : text) {
        if (c == '\n') c = ' ';
    }
    return text;
}

// What depends on more than one option. Throws.
void complete(ServerOptions& options, bool size_given) {
    GeometryRequest& geometry = options.geometry;
    if (!options.logfile.empty()) {
        options.logfile = std::filesystem::absolute(options.logfile).string();
    }
    if (options.stock) {
        options.recycle = false;
        options.silent = true;
        if (!options.rest_given) options.rest.reset();
        if (options.vectors == 0) options.vectors = options.short_n.value_or(stock_vectors);
        if (options.vectors > vectors_max) {
            throw CLI::ValidationError("-n", fmt::format("vectors can be 1 to {}", vectors_max));
        }
        if (!size_given) geometry.region_bytes = stock_region_bytes;
        if (!std::has_single_bit(geometry.region_bytes) ||
            geometry.region_bytes < layout::page_bytes ||
            geometry.region_bytes > layout::region_bytes_max) {
            throw CLI::ValidationError("--region-size", "must be a power of two, 4K to 64G");
        }
        return;
    }
    geometry.ports = options.short_n.value_or(geometry.ports);
    if (options.vectors == 0) options.vectors = default_vectors(geometry.ports, geometry.lanes);
    // A geometry that cannot be is a matter of usage too.
    static_cast<void>(Geometry::plan(geometry));
}

}  // namespace

std::uint32_t default_vectors(std::uint32_t ports, std::uint32_t lanes) {
    const auto fits = [ports](std::uint32_t vectors) {
        return ports * std::uint64_t{vectors} <= descriptors_for_default_vectors;
    };
    // Mail's and lane 0's, and one for each further lane.
    if (fits(ports + 1 + lanes)) return ports + 1 + lanes;
    return fits(ports + 2) ? ports + 2 : lanes;
}

std::uint64_t client_descriptors(const ServerOptions& options) {
    constexpr std::uint64_t qemu_itself = 64;
    const std::uint64_t peers = options.geometry.ports + (options.silent ? 0 : 1);
    return peers * options.vectors + qemu_itself;
}

std::uint64_t server_descriptors(const ServerOptions& options) {
    constexpr std::uint64_t loop_and_files = 32;
    const std::uint64_t peers = options.geometry.ports + (options.silent ? 0 : 1);
    return peers * options.vectors + options.geometry.ports + loop_and_files;
}

Parsed parse_options(int argc, const char* const* argv) {
    Parsed parsed;
    ServerOptions& options = parsed.options;
    CLI::App app(description, "famez_server");
    app.footer(footer);
    app.formatter(std::make_shared<HelpFormatter>());
    add_attachment_options(app, options);
    add_geometry_options(app, options);
    add_memory_options(app, options);
    add_behaviour_options(app, options);
    add_mail_options(app, options);
    add_rest_option(app, options);
    add_process_options(app, options);
    try {
        app.parse(argc, argv);
        complete(options, app.count("--region-size") > 0);
    } catch (const CLI::Success& wanted) {
        app.exit(wanted);
        parsed.exit_code = 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "famez_server: {} (famez_server --help tells more)\n",
                   one_line(error.what()));
        parsed.exit_code = 2;
    }
    return parsed;
}

}  // namespace famez
