// SPDX-License-Identifier: BSD-3-Clause
// One receiver among several stops: what do the others keep? Two processes, a processor each,
// however many receivers there are:
//
//     famez_stopped EAL-OPTIONS -- send ID...        a frame of 64 bytes to each of these in turn,
//                                                    through port 0, until SIGTERM
//     famez_stopped EAL-OPTIONS -- receive SECONDS   polls all its ports, then all but the last
//
// The receiver prints the rates of those that go on, before and after, as JSON. It stops by no
// longer being polled: its heart goes on beating, which is the harder case for a sender.
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

namespace {

constexpr std::uint16_t burst = 32;
constexpr std::uint16_t descriptors = 1024;
constexpr std::uint16_t frame_bytes = 64;
// For the sender to notice: stall-ms, a tick, and as much again.
constexpr double notice_seconds = 0.3;
constexpr double patience_seconds = 15;

volatile std::sig_atomic_t ended = 0;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "famez_stopped: %s\n", what);
    std::exit(EXIT_FAILURE);
}

template <class Number>
Number number(std::string_view text) {
    Number value{};
    const auto end = text.data() + text.size();
    if (std::from_chars(text.data(), end, value).ptr != end || value <= 0) fail("bad number");
    return value;
}

void start_port(std::uint16_t port, rte_mempool* pool) {
    rte_eth_conf conf{};
    if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
        rte_eth_rx_queue_setup(port, 0, descriptors, SOCKET_ID_ANY, nullptr, pool) != 0 ||
        rte_eth_tx_queue_setup(port, 0, descriptors, SOCKET_ID_ANY, nullptr) != 0 ||
        rte_eth_dev_start(port) != 0) {
        fail("a port does not start");
    }
    rte_eth_promiscuous_disable(port);
}

void write_header(rte_mbuf* packet, std::uint16_t id) {
    packet->pkt_len = packet->data_len = frame_bytes;
    const std::array<std::uint8_t, 6> to = {
        0x02, 0xfa, 0x3e, 0, static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
    auto* const frame = rte_pktmbuf_mtod(packet, std::uint8_t*);
    std::memset(frame, 0, frame_bytes);
    std::memcpy(frame, to.data(), to.size());
    frame[12] = 0x88;
    frame[13] = 0xb5;
}

void send(rte_mempool* pool, const std::vector<std::uint16_t>& ids) {
    std::array<rte_mbuf*, burst> frames;
    std::size_t next = 0;
    while (ended == 0) {
        if (rte_pktmbuf_alloc_bulk(pool, frames.data(), burst) != 0) fail("too few buffers");
        for (rte_mbuf* frame : frames) {
            write_header(frame, ids[next]);
            next = (next + 1) % ids.size();
        }
        // What is not taken is offered again, as long as it takes.
        std::uint16_t sent = 0;
        while (sent < burst && ended == 0)
            sent += rte_eth_tx_burst(0, 0, frames.data() + sent, burst - sent);
        if (sent < burst) rte_pktmbuf_free_bulk(frames.data() + sent, burst - sent);
    }
}

std::uint64_t poll(std::uint16_t port) {
    std::array<rte_mbuf*, burst> frames;
    const std::uint16_t count = rte_eth_rx_burst(port, 0, frames.data(), burst);
    if (count != 0) rte_pktmbuf_free_bulk(frames.data(), count);
    return count;
}

// Polls the first `polled` ports; how many frames a second came to the first `counted` of them.
double rate(std::uint16_t polled, std::uint16_t counted, double seconds) {
    const auto hz = static_cast<double>(rte_get_tsc_hz());
    const std::uint64_t start = rte_rdtsc();
    const auto end = start + static_cast<std::uint64_t>(seconds * hz);
    std::uint64_t came = 0;
    while (rte_rdtsc() < end) {
        for (int i = 0; i < 64; ++i) {
            for (std::uint16_t port = 0; port < polled; ++port) {
                const std::uint64_t count = poll(port);
                if (port < counted) came += count;
            }
        }
    }
    return static_cast<double>(came) / (static_cast<double>(rte_rdtsc() - start) / hz);
}

void receive(std::uint16_t ports, double seconds) {
    if (ports < 2) fail("there must be two ports at least");
    const std::uint16_t others = ports - 1;
    double waited = 0;
    for (std::uint16_t port = 0; port < ports; ++port) {
        // Until frames come to each.
        while (poll(port) == 0 && waited < patience_seconds) {
            rate(ports, ports, 0.01);
            waited += 0.01;
        }
    }
    if (waited >= patience_seconds) fail("no frames come");
    rate(ports, others, notice_seconds);
    const double before = rate(ports, others, seconds);
    rate(others, others, notice_seconds);
    const double after = rate(others, others, seconds);
    std::printf("{\"receivers\": %u, \"mmsg_per_s_before\": %.4f, \"mmsg_per_s_after\": %.4f, ",
                static_cast<unsigned>(ports), before / 1e6, after / 1e6);
    std::printf("\"kept\": %.4f}\n", after / before);
}

}  // namespace

int main(int argc, char** argv) {
    const int used = rte_eal_init(argc, argv);
    if (used < 0) return EXIT_FAILURE;
    const std::vector<std::string_view> words(argv + used + 1, argv + argc);
    if (words.size() < 2) fail("usage: famez_stopped EAL-OPTIONS -- send ID... | receive SECONDS");
    std::signal(SIGTERM, [](int) { ended = 1; });
    rte_mempool* pool =
        rte_pktmbuf_pool_create("stopped", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (pool == nullptr) fail("no memory");
    const std::uint16_t ports = rte_eth_dev_count_avail();
    if (ports == 0) fail("there is no port");
    for (std::uint16_t port = 0; port < ports; ++port)
        start_port(port, pool);
    if (words[0] == "send") {
        std::vector<std::uint16_t> ids;
        for (std::size_t i = 1; i < words.size(); ++i)
            ids.push_back(number<std::uint16_t>(words[i]));
        send(pool, ids);
    } else if (words[0] == "receive") {
        receive(ports, number<double>(words[1]));
    } else {
        fail("send or receive?");
    }
    for (std::uint16_t port = 0; port < ports; ++port) {
        rte_eth_dev_stop(port);
        rte_eth_dev_close(port);
    }
    rte_eal_cleanup();
    return EXIT_SUCCESS;
}
