// SPDX-License-Identifier: BSD-3-Clause
// What becomes of the checksums of frames whose sender leaves them to its port. Takes EAL's words,
// "--", the socket of a server that has nobody else, and one of the scenarios below.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <rte_eal.h>
#include <rte_ethdev.h>

#include "eth_port.h"
#include "expect.h"
#include "frames.h"
#include "measures.h"
#include "sending_end.h"
#include "start_eal.h"

namespace famez::probe {
namespace {

constexpr std::uint64_t rx_all =
    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
constexpr std::uint64_t tx_all = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
                                 RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS;

rte_mempool* pool() {
    static rte_mempool* const made =
        rte_pktmbuf_pool_create("frames", 8191, 0, 0, large_room, SOCKET_ID_ANY);
    if (made == nullptr) give_up("no pool");
    return made;
}

void start(const EthPort& port, std::uint64_t rx_offloads, std::uint64_t tx_offloads) {
    rte_eth_conf conf{};
    conf.rxmode.mtu = EthPort::mtu;
    conf.rxmode.offloads = rx_offloads;
    conf.txmode.offloads = tx_offloads;
    port.set_up(pool(), 1, conf);
    port.start();
}

void send(const EthPort& port, rte_mbuf* frame) {
    const auto give_up_at = Clock::now() + patience;
    while (rte_eth_tx_burst(port.id(), 0, &frame, 1) == 0) {
        if (Clock::now() > give_up_at) probe::give_up("nobody takes a frame");
    }
}

// nullptr when none comes.
rte_mbuf* receive(const EthPort& port, Clock::duration limit = patience) {
    const auto give_up_at = Clock::now() + limit;
    rte_mbuf* frame = nullptr;
    while (rte_eth_rx_burst(port.id(), 0, &frame, 1) == 0) {
        if (Clock::now() > give_up_at) return nullptr;
    }
    return frame;
}

// Links opens by and by: polls both until frames pass.
void open_link(const EthPort& sender, const EthPort& receiver, const rte_ether_addr& to = {}) {
    const auto give_up_at = Clock::now() + patience;
    rte_mbuf* came = nullptr;
    while (rte_eth_rx_burst(receiver.id(), 0, &came, 1) == 0) {
        if (Clock::now() > give_up_at) probe::give_up("no link");
        rte_mbuf* first = make_frame(pool(), all_kinds[0], {.to = to, .ask = false});
        if (rte_eth_tx_burst(sender.id(), 0, &first, 1) == 0) rte_pktmbuf_free(first);
    }
    rte_pktmbuf_free(came);
    while ((came = receive(receiver, ticks)) != nullptr)
        rte_pktmbuf_free(came);
}

enum class Wanted : std::uint8_t { left_out, computed, untouched };

void expect_frame(const rte_mbuf* frame, Wanted wanted, const std::string& what) {
    const Checksums sums = checksums_of(frame);
    if (wanted == Wanted::computed) {
        expect(sums.ip && sums.l4, "{}: its checksums are wrong", what);
    } else {
        expect(sums.untouched, "{}: its checksums were written", what);
    }
    expect(said_unsummed(frame) == (wanted == Wanted::left_out), "{}: ol_flags {:#x}", what,
           frame->ol_flags);
}

// One of each kind and of each size, one at a time.
void pass_all(const EthPort& sender, const EthPort& receiver, Wanted wanted, Wish wish = {},
              rte_mempool* from = nullptr) {
    for (const Kind kind : all_kinds) {
        for (const std::uint16_t payload : {0, 1, 17, 300, 1400, 8001}) {
            wish.payload = payload;
            send(sender, make_frame(from != nullptr ? from : pool(), kind, wish));
            rte_mbuf* const frame = receive(receiver);
            if (frame == nullptr) give_up("a frame does not come");
            expect_frame(frame, wanted, fmt::format("{}, {} bytes", name_of(kind), payload));
            rte_pktmbuf_free(frame);
        }
    }
}
constexpr std::uint64_t frames_of_pass = 4 * 6;

struct Link {
    EthPort receiver;
    EthPort sender;

    explicit Link(const std::string& socket, std::uint64_t rx_offloads,
                  const std::string& more_of_sender = "")
        : receiver("net_famez0", fmt::format("socket={},peer=2,trust=all,unsummed=1", socket)),
          sender("net_famez1", fmt::format("socket={},peer=1{}", socket, more_of_sender)) {
        start(receiver, rx_offloads, tx_all);
        start(sender, 0, tx_all);
        open_link(sender, receiver);
    }
};

void expect_unsummed(const Link& link, std::uint64_t frames) {
    expect_equal(link.sender.statistic("tx_unsummed"), frames, "tx_unsummed");
    expect_equal(link.receiver.statistic("rx_unsummed"), frames, "rx_unsummed");
}

void left_out(const std::string& socket) {
    const Link link(socket, rx_all);
    pass_all(link.sender, link.receiver, Wanted::left_out);
    expect_unsummed(link, frames_of_pass);
    pass_all(link.sender, link.receiver, Wanted::untouched, {.ask = false});
    expect_unsummed(link, frames_of_pass);
}

void computed(const std::string& socket) {
    const Link link(socket, 0);
    pass_all(link.sender, link.receiver, Wanted::computed);
    pass_all(link.sender, link.receiver, Wanted::untouched, {.ask = false});
    expect_unsummed(link, 0);
}

// Who asks for some only, gets all of them computed.
void some(const std::string& socket) {
    const Link link(socket, RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
    pass_all(link.sender, link.receiver, Wanted::computed);
    expect_unsummed(link, 0);
}

void chains(const std::string& socket, std::uint64_t rx_offloads, Wanted wanted) {
    const Link link(socket, rx_offloads);
    // Odd, so that words of the checksum lie across the ends of segments.
    pass_all(link.sender, link.receiver, wanted, {.part = 81});
}
void chains_left_out(const std::string& socket) {
    chains(socket, rx_all, Wanted::left_out);
}
void chains_computed(const std::string& socket) {
    chains(socket, 0, Wanted::computed);
}

rte_mbuf* send_one(const Link& link, rte_mbuf* frame) {
    send(link.sender, frame);
    rte_mbuf* const came = receive(link.receiver);
    if (came == nullptr) give_up("a frame does not come");
    return came;
}

// Frames that cannot be done right: they go as they are.
void odd_ones(const std::string& socket) {
    const Link link(socket, 0);
    rte_mbuf* const in_parts = send_one(link, make_frame(pool(), all_kinds[0], {.part = 40}));
    expect_frame(in_parts, Wanted::untouched, "headers in parts");
    rte_mbuf* const lies = make_frame(pool(), all_kinds[0], {});
    lies->l3_len = 10;
    expect_frame(send_one(link, lies), Wanted::untouched, "too short an IP header");
}

// Others hold the frame, too, and may be sending it: it is theirs.
void shared(const std::string& socket) {
    const Link link(socket, 0);
    rte_mbuf* const frame = make_frame(pool(), all_kinds[1], {});
    rte_mbuf_refcnt_update(frame, 1);
    expect_frame(send_one(link, frame), Wanted::computed, "a frame that others hold");
    expect_frame(frame, Wanted::untouched, "what the others hold");
}

// What their receiver would be told means the outer headers.
void tunnels(const std::string& socket) {
    const Link link(socket, rx_all);
    pass_all(link.sender, link.receiver, Wanted::computed,
             {.more_flags = RTE_MBUF_F_TX_TUNNEL_VXLAN});
    expect_unsummed(link, 0);
}

// Out of the sender's arena, to who takes them without checksums and to who does not.
void lent(const std::string& socket, std::uint64_t rx_offloads, Wanted wanted) {
    const EthPort receiver("net_famez0",
                           fmt::format("socket={},peer=2,trust=all,unsummed=1", socket));
    const EthPort sender("net_famez1", fmt::format("socket={},peer=1", socket));
    rte_mempool* const arena =
        pool_in_arena()(sender.id(), "in_arena", 512, 0, 0, large_room, SOCKET_ID_ANY);
    if (arena == nullptr) give_up("no pool in the arena");
    start(receiver, rx_offloads, tx_all);
    start(sender, 0, tx_all);
    open_link(sender, receiver);
    // Those of 300 bytes and more, unless something is to be written into a copy.
    const std::uint64_t lent_of_pass = 4 * 3;
    const std::uint64_t without = wanted == Wanted::left_out ? lent_of_pass : 0;
    pass_all(sender, receiver, wanted, {}, arena);
    expect_equal(receiver.statistic("rx_references"), without, "references");
    expect_equal(receiver.statistic("rx_unsummed"), 2 * without, "rx_unsummed");
    pass_all(sender, receiver, Wanted::untouched, {.ask = false}, arena);
    expect_equal(receiver.statistic("rx_references"), without + lent_of_pass, "references");
}
void lent_left_out(const std::string& socket) {
    lent(socket, rx_all, Wanted::left_out);
}
void lent_computed(const std::string& socket) {
    lent(socket, 0, Wanted::computed);
}

// Copied into the sender's arena by its port.
void copies(const std::string& socket) {
    const Link link(socket, rx_all, ",lend=256");
    pass_all(link.sender, link.receiver, Wanted::left_out);
    expect(link.receiver.statistic("rx_references") > 0, "nothing was lent");
    expect_unsummed(link, frames_of_pass);
}

// An application that wants checksums verified has not said what it does with such frames.
void not_offered(const std::string& socket) {
    const EthPort port("net_famez0", fmt::format("socket={}", socket));
    rte_eth_dev_info info{};
    rte_eth_dev_info_get(port.id(), &info);
    expect_equal(info.rx_offload_capa & rx_all, 0U, "RX offloads without devarg unsummed");
}

// Two hear the same frame, and one of them would take it without.
void flood(const std::string& socket) {
    const auto devargs = fmt::format("socket={},stall-ms=10000,unsummed=1", socket);
    const EthPort takes("net_famez0", devargs);
    const EthPort takes_not("net_famez1", devargs);
    const EthPort sender("net_famez2", devargs);
    start(takes, rx_all, tx_all);
    start(takes_not, 0, tx_all);
    start(sender, 0, tx_all);
    rte_ether_addr everyone;
    std::fill_n(everyone.addr_bytes, RTE_ETHER_ADDR_LEN, 0xff);
    open_link(sender, takes, everyone);
    open_link(sender, takes_not, everyone);
    while (rte_mbuf* const left = receive(takes, ticks))
        rte_pktmbuf_free(left);
    send(sender, make_frame(pool(), all_kinds[0], {.to = everyone}));
    for (const EthPort* const port : {&takes, &takes_not}) {
        rte_mbuf* const frame = receive(*port);
        if (frame == nullptr) give_up("a frame for all does not come");
        expect_frame(frame, Wanted::computed, "a frame for all");
        rte_pktmbuf_free(frame);
    }
    // By address each gets what it takes.
    for (const EthPort* const port : {&takes, &takes_not}) {
        rte_ether_addr to{};
        rte_eth_macaddr_get(port->id(), &to);
        open_link(sender, *port, to);
        pass_all(sender, *port, port == &takes ? Wanted::left_out : Wanted::computed, {.to = to});
    }
}

// A receiver that gives up on frames without checksums never gets one unannounced, though its
// sender hears of it a little later.
void given_up(const std::string& socket) {
    const Link link(socket, rx_all);
    pass_all(link.sender, link.receiver, Wanted::left_out);
    send(link.sender, make_frame(pool(), all_kinds[0], {}));  // under way at the restart
    link.receiver.stop();
    start(link.receiver, 0, tx_all);
    const auto good_after = Clock::now() + patience;
    std::uint64_t sent = 1;
    std::uint64_t came = 0;
    const auto refused = [&] { return link.receiver.statistic("rx_too_long"); };
    for (std::uint64_t good = 0; good < 100;) {
        send(link.sender, make_frame(pool(), all_kinds[0], {}));
        ++sent;
        while (came + refused() < sent) {
            if (Clock::now() > good_after) give_up("a frame has vanished");
            rte_mbuf* const frame = receive(link.receiver, std::chrono::milliseconds(1));
            if (frame == nullptr) continue;
            expect_frame(frame, Wanted::computed, "behind the restart");
            rte_pktmbuf_free(frame);
            ++came;
            ++good;
        }
    }
    expect(refused() > 0, "no frame was under way");
}

using Scenario = void (*)(const std::string& socket);
const std::map<std::string_view, Scenario> scenarios{
    {"left-out", left_out},
    {"computed", computed},
    {"some", some},
    {"chains-left-out", chains_left_out},
    {"chains-computed", chains_computed},
    {"odd-ones", odd_ones},
    {"shared", shared},
    {"tunnels", tunnels},
    {"lent-left-out", lent_left_out},
    {"lent-computed", lent_computed},
    {"copies", copies},
    {"not-offered", not_offered},
    {"flood", flood},
    {"given-up", given_up},
};

}  // namespace
}  // namespace famez::probe

int main(int argc, char** argv) {
    using namespace famez::probe;
    const auto dashes = std::find(argv, argv + argc, std::string_view("--"));
    if (argv + argc - dashes != 3 || !scenarios.contains(dashes[2])) return 2;
    std::vector<char*> words(argv, dashes);
    if (const std::string error = famez::start_eal(words, 128); !error.empty()) {
        fmt::print(stderr, "{}\n", error);
        return EXIT_FAILURE;
    }
    try {
        scenarios.at(dashes[2])(dashes[1]);
    } catch (const std::exception& error) {
        fail(error.what());
    }
    std::fflush(stdout);
    std::_Exit(failures() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
