// SPDX-License-Identifier: BSD-3-Clause
// What --help says. doc/famez_fwd.md says the same at more length.
#pragma once

namespace famez::fwd {

inline constexpr const char* help_description =
    "famez_fwd - forwards frames between DPDK ports: switch, route, hub, io\n\n"
    "Joins any number of DPDK ethdev ports, of any driver: fabric to fabric (net_famez at two\n"
    "servers), or fabric to memif, vhost, tap, pcap or a NIC, so that a fabric reaches beyond its\n"
    "host. Each port can be made to behave as a slow, lossy or long wire. EAL options come first,\n"
    "then two dashes, then the options told here; all of both can stand in a TOML file (--config).";

inline constexpr const char* help_usage =
    "Usage: famez_fwd [EAL OPTIONS] -- [OPTIONS]\n"
    "       famez_fwd --config FILE [OPTIONS]\n"
    "       famez_fwd --help | --version";

inline constexpr const char* mode_help =
    "How a frame finds its way. switch (the default): learns who is where, floods what it does "
    "not know. route: by the table of --routes. hub: to all other ports. io: to the other port of "
    "its pair (0 and 1, 2 and 3); a single port sends back what it gets. macswap: as io, with the "
    "two addresses exchanged.";
inline constexpr const char* routes_help =
    "--mode route: the file with the table, read again at SIGHUP. A file with a mistake is refused "
    "and the table in use stays.";
inline constexpr const char* table_size_help =
    "--mode switch: how many addresses are learned at most (8192). What is beyond is flooded.";
inline constexpr const char* ageing_help =
    "--mode switch: an address that has sent nothing for so long is forgotten (300).";
inline constexpr const char* flood_rate_help =
    "How many frames a second from one port are flooded (100K); more are dropped and counted, "
    "which bounds a storm where switches form a loop. off: no limit.";

inline constexpr const char* port_help =
    "A port, by its device's name: net_famez0, 0000:00:03.0. Repeat it; the first is port 0. "
    "All ports that EAL has if not given. With the device's own arguments behind a comma EAL need "
    "not be told of it: --port net_famez0,socket=/tmp/a. With --config: the ports of the file that "
    "are used, or others.";
inline constexpr const char* impair_help =
    "Emulate a wire for what PORT (its name, or its number by the order of --port) sends; see "
    "IMPAIRMENTS. Repeat it for more ports.";
inline constexpr const char* seed_help =
    "Where the impairments' random numbers start (1): the same seed makes the same choices.";
inline constexpr const char* mtu_help = "The MTU that all ports are set to (1500).";
inline constexpr const char* mbufs_help = "Packet buffers; as many as the ports need if not given.";
inline constexpr const char* rx_queues_help =
    "Receive queues of a port, where it has so many (1): as many cores can share its work.";
inline constexpr const char* promiscuous_help =
    "Whether ports take frames that are not for their own address. They do if not given.";

inline constexpr const char* cores_help =
    "EAL's lcores that forward: 1,2 or 1-3. All that EAL has (-l) if not given.";
inline constexpr const char* burst_help =
    "Frames taken from a queue at once, up to 512 (32). Two full ones go on as one.";
inline constexpr const char* drain_us_help =
    "How long frames wait for others, to be sent as one burst (0: they do not). More is faster "
    "with many ports, and later.";
inline constexpr const char* full_help =
    "When a port takes no more: wait (the default) does not read the ports that the frames came "
    "from, until it does, so their senders feel it; drop drops them.";
inline constexpr const char* stall_ms_help =
    "--full wait in the modes switch, route and hub: a port that has taken nothing for so long "
    "gets nothing until it does again, so that it cannot hold up the others (100). 0: it may.";
inline constexpr const char* idle_us_help =
    "Sleep when no frame has come for so many microseconds: until the receive interrupt where all "
    "ports have it, else for a short time. Without it the cores are never idle.";

inline constexpr const char* duration_help = "End after this time.";
inline constexpr const char* interval_help =
    "How often the view on the terminal, or the lines of --json, are renewed (1).";
inline constexpr const char* json_help =
    "Counters as JSON on stdout, an object a line, at each interval and at the end.";
inline constexpr const char* quiet_help = "No view and no notes: only errors and the summary.";
inline constexpr const char* capture_help =
    "Whether dpdk-dumpcap can capture from it. It can if not given.";
inline constexpr const char* config_help =
    "Read the options from a TOML file; see CONFIGURATION FILE. What is given on the command line "
    "counts more.";

inline constexpr const char* help_footer =
    "IMPAIRMENTS\n"
    "  delay=TIME        each frame is sent so much later: 100ns, 50us, 5ms, 1s\n"
    "  jitter=TIME       the delay varies by up to so much more or less; the order stays\n"
    "  rate=BITS         bits a second: 64K, 100M, 2.5G\n"
    "  loss=PART         so many are lost: 1% or 0.01\n"
    "  duplicate=PART    so many are sent twice\n"
    "  reorder=PART      so many are overtaken by those behind them,\n"
    "  reorder-by=N      by so many of them (1)\n"
    "  limit=N           frames that are held at once (16384); more are dropped\n"
    "  With commas between them. none: a perfect wire, to undo what the file says.\n"
    "\n"
    "CONFIGURATION FILE\n"
    "  Its keys are the long options above without the dashes in front; promiscuous, capture, "
    "json\n"
    "  and quiet are true or false. eal has EAL's options. A [[port]] has the device, the devargs\n"
    "  that EAL is given for it (--vdev, or -a for a PCI address), and impair. Names of files are\n"
    "  relative to the file's own directory.\n"
    "    mode = \"switch\"\n"
    "    cores = [1, 2]\n"
    "    flood-rate = \"100K\"\n"
    "    eal = [\"-l\", \"0-2\", \"--in-memory\", \"--no-pci\"]\n"
    "    [[port]]\n"
    "    device = \"net_famez0\"\n"
    "    devargs = \"socket=/tmp/ivshmsg_socket\"\n"
    "    [[port]]\n"
    "    device = \"net_tap0\"\n"
    "    devargs = \"iface=fabric0\"\n"
    "    impair = \"delay=5ms,jitter=500us,loss=1%\"\n"
    "\n"
    "SIGNALS\n"
    "  Ctrl-C (or SIGTERM) ends with a summary, in which all that came in is sent or dropped for "
    "a\n"
    "  reason; a second one kills. SIGHUP reads --routes again.\n"
    "\n"
    "EXIT STATUS\n"
    "  0  all well    1  something failed: EAL, a port, the table of routes    2  usage, or a\n"
    "  mistake in the configuration file\n"
    "\n"
    "EXAMPLES\n"
    "  Two fabrics become one (both servers run already):\n"
    "    famez_fwd -l 0,1 --in-memory --no-pci -d librte_net_famez.so \\\n"
    "        --vdev=net_famez0,socket=/tmp/fabric_a --vdev=net_famez1,socket=/tmp/fabric_b \\\n"
    "        -- --cores 1 --idle-us 50\n"
    "\n"
    "  The same over a wire of 5 ms and 100 Mbit/s that loses a frame in a hundred:\n"
    "    famez_fwd -l 0,1 --in-memory --no-pci -d librte_net_famez.so -- \\\n"
    "        --port net_famez0,socket=/tmp/fabric_a --port net_famez1,socket=/tmp/fabric_b \\\n"
    "        --impair 0:delay=5ms,rate=100M,loss=1% --impair 1:delay=5ms,rate=100M,loss=1%\n"
    "\n"
    "  The kernel's network reaches the fabric, by the interface fabric0:\n"
    "    famez_fwd -l 0,1 --in-memory --no-pci -d librte_net_famez.so -- \\\n"
    "        --port net_famez0,socket=/tmp/ivshmsg_socket --port net_tap0,iface=fabric0\n"
    "\n"
    "  All from a file, counters as JSON for ten seconds:\n"
    "    famez_fwd --config fwd.toml --json --duration 10\n";

}  // namespace famez::fwd
