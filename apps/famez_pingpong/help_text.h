// SPDX-License-Identifier: BSD-3-Clause
// What --help says. doc/famez_pingpong.md says the same at more length.
#pragma once

namespace famez::pingpong {

inline constexpr const char* help_description =
    "famez_pingpong - latency and throughput of any DPDK ethdev port\n\n"
    "Two of these, one at each end of a link, measure round trips (ping and pong) or one-way\n"
    "throughput (tx and rx), and prove that every byte arrives (--verify). It knows nothing of "
    "any\n"
    "driver: the same program runs over net_famez, net_memif, net_ring, net_virtio_user or a NIC,\n"
    "so that figures can be compared. EAL options come first, then two dashes, then the role.\n"
    "With --api fabric it uses the message API of the fabric's library (lib/fabric) in place of\n"
    "DPDK, for messages of any size up to 8 MiB; then there are no EAL options.";

inline constexpr const char* help_usage =
    "Usage: famez_pingpong [EAL OPTIONS] -- ROLE [OPTIONS]\n"
    "       famez_pingpong --api fabric ROLE [OPTIONS]\n"
    "       famez_pingpong --bridge DEVICE TARGET [--multiplier N] [--count N] [--duration S]\n"
    "       famez_pingpong --help | --version";

inline constexpr const char* role_help =
    "ping sends and times the answers of pong; tx sends as fast as it can and rx receives. pong "
    "and rx end when the sender says that it has ended.";
inline constexpr const char* api_help =
    "ethdev (the default): a port of DPDK, whatever its driver. fabric: the message API of "
    "lib/fabric, as a program without DPDK uses it, on this host alone; the other end may be of "
    "either API. Messages then have up to half a lane less 24 bytes: famez_server --ring-size 4M "
    "makes room for 1M.";
inline constexpr const char* port_help =
    "The ethdev port to use, by number; the first one if not given.";
inline constexpr const char* socket_help =
    "--api fabric: famez_server's socket (/tmp/ivshmsg_socket if not given).";
inline constexpr const char* cpu_help =
    "--api fabric: the CPU to run on, as -l is for EAL; any if not given.";
inline constexpr const char* peer_help =
    "Where to send: the id of a port of the fabric (its address is 02:fa:3e:NN:HI:LO, NN the "
    "fabric's number, as in one's own address), a MAC "
    "address, any (the default: the partner is asked for by broadcast and the first that answers "
    "is meant), or broadcast: all messages to everybody, which a fabric delivers as best it can. "
    "With --api fabric an id also means to take messages from that port alone, and the link is up "
    "while it is there.";
inline constexpr const char* size_help =
    "Frame sizes in bytes, the 14 of the Ethernet header included: 64 (the default), 9K, a list "
    "64,512,9K, a range 64-4K (doubling; with --api fabric also 64-1M), or 15-9K:mixed, where each "
    "message has its own size, "
    "drawn from its sequence number. A list or a range is a sweep: a line of the table each. "
    "pong and rx learn the sizes from the sender; give them the largest one if it is over 1514 "
    "(not needed with --api fabric).";
inline constexpr const char* burst_help =
    "Messages handed over in one call, up to 512: 1 for ping (that many are under way at once), "
    "32 for the others.";
inline constexpr const char* count_help = "End after this many messages (behind the warm-up).";
inline constexpr const char* duration_help =
    "End after this time; 5 seconds for ping and tx if there is no --count. With both, what "
    "comes first. For a sweep both are per size.";
inline constexpr const char* warmup_help =
    "ping: round trips that are not recorded (10000 if not given, with --rate at most those of a "
    "tenth of a second). tx: messages before the clock starts, at both ends (none if not given); "
    "they are counted and verified like the others.";
inline constexpr const char* rate_help =
    "ping, tx: so many messages a second, each due at a fixed time whatever becomes of the others "
    "(an open loop). A round trip is then measured from when its message was due, not from when "
    "it was sent: this corrects coordinated omission; both figures are in --json. What is late is "
    "sent in bursts of up to --burst. Without it ping sends when it has its answer, and tx "
    "whenever there is room.";
inline constexpr const char* idle_us_help =
    "Sleep when no message has come for so many microseconds, until the port's receive interrupt. "
    "A port without one: sleep 50 us at a time. With --rate ping and tx also sleep until "
    "shortly before the next message is due. The result shows sleeps and the CPU use. If not "
    "given, all roles poll without sleep.";
inline constexpr const char* verify_help =
    "Check sequence, length and every byte of every message. tx must be told so that it writes "
    "the bytes; rx, ping and pong check what they get.";
inline constexpr const char* touch_help =
    "rx: what to read of each message: none, the first cache line (the default), or all bytes. "
    "(--verify reads all.)";
inline constexpr const char* wait_help =
    "How long to wait for the link and for the other end before giving up (10). 0: do not wait "
    "at all, send to whoever is there.";
inline constexpr const char* stay_help =
    "pong, rx: do not end with the sender but wait for the next one.";
inline constexpr const char* exit_on_link_down_help =
    "End with the summary, status 1, when the link goes down, instead of waiting for its return.";
inline constexpr const char* mtu_help =
    "The MTU to set; if not given, 1500 or what the sizes need.";
inline constexpr const char* mbufs_help =
    "Packet buffers in the pool; if not given, what the port needs.";
inline constexpr const char* mbuf_size_help =
    "Bytes of a packet buffer. 2048 if not given: larger frames become chains if the port can "
    "send chains, else buffers are made as large as the frames.";
inline constexpr const char* zero_copy_help =
    "Packet buffers in the port's part of the shared memory, so that nothing is copied on the way "
    "to "
    "a receiver that has the devarg trust=. net_famez only.";
inline constexpr const char* queues_help =
    "tx: sends on so many TX queues, a burst each in turn; rx: polls so many RX queues; the two "
    "need not be the same. With --verify the order is checked within each TX queue, for none is "
    "kept between them.";
inline constexpr const char* json_help =
    "The result as JSON on stdout, one object a line and size, units in the key names.";
inline constexpr const char* csv_help = "The result as CSV on stdout, with a header line.";
inline constexpr const char* hist_help =
    "ping: all round trips to this file, in the percentile text format of HdrHistogram, in "
    "nanoseconds, for its plotters. A sweep writes a file a size: of rtt.hgrm it makes "
    "rtt-64.hgrm and so on.";
inline constexpr const char* quiet_help = "No notes and no progress on stderr, only errors.";
inline constexpr const char* interval_help =
    "A progress line on stderr this often (1 on a terminal, else none).";

inline constexpr const char* help_footer =
    "SIGNALS\n"
    "  Ctrl-C (or SIGTERM) ends with the summary of what was done so far; a second one kills.\n"
    "\n"
    "EXIT STATUS\n"
    "  0  all well    1  something failed: no port, no partner, no message at all, or with\n"
    "  --verify a message lost, duplicated, reordered or corrupted    2  usage\n"
    "\n"
    "WITHOUT HUGEPAGES\n"
    "  give EAL --no-huge -m 256 --no-shconf in place of --in-memory (-m is megabytes; the two\n"
    "  exclude each other). Without either, two programs on one host need different\n"
    "  --file-prefix. Pin each to a CPU of its own with -l.\n"
    "\n"
    "EXAMPLES\n"
    "  Round trip between two ports of a fabric, 64 bytes (famez_server runs already):\n"
    "    famez_pingpong -l 0 --in-memory --no-pci -d librte_net_famez.so \\\n"
    "        --vdev=net_famez0,socket=/tmp/ivshmsg_socket -- pong\n"
    "    famez_pingpong -l 1 --in-memory --no-pci -d librte_net_famez.so \\\n"
    "        --vdev=net_famez0,socket=/tmp/ivshmsg_socket -- ping --peer 1\n"
    "\n"
    "  Every byte of 100 million messages of 1 to 9202 bytes, each of its own size, over "
    "net_memif:\n"
    "    famez_pingpong -l 0 --in-memory --no-pci \\\n"
    "        --vdev=net_memif0,role=server,id=0,socket=/tmp/m.sock -- rx --verify --size 9K\n"
    "    famez_pingpong -l 1 --in-memory --single-file-segments --no-pci \\\n"
    "        --vdev=net_memif0,role=client,id=0,socket=/tmp/m.sock,zero-copy=yes \\\n"
    "        -- tx --verify --size 15-9K:mixed --count 100000000\n"
    "\n"
    "  One message a millisecond to a receiver that sleeps between them:\n"
    "    ... -- pong --idle-us 50\n"
    "    ... -- ping --idle-us 50 --rate 1K --duration 60 --hist rtt.hgrm\n"
    "\n"
    "  Messages of up to a megabyte, no DPDK (famez_server --ring-size 4M runs already):\n"
    "    famez_pingpong --api fabric rx --verify\n"
    "    famez_pingpong --api fabric tx --verify --size 64-1M --duration 1\n"
    "\n"
    "  A sweep as JSON:   ... -- tx --size 64-9K --duration 2 --json | jq .rate_mmsg_per_s\n"
    "  The program's own cost, no partner:   --vdev=net_null0 -- tx --wait 0\n";

}  // namespace famez::pingpong
