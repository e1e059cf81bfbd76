// SPDX-License-Identifier: BSD-3-Clause
// Load for a switch: two ports, N frames of 64 bytes that go round for ever, half of them in each
// direction. Frame i of port 0 goes from address A(i) to B(i), and of port 1 from B(i) to A(i): a
// switch that learns knows all of them after one round. What comes in at a port goes out at the
// other one unchanged, so this end costs little more than the driver does.
//
//     famez_fwd_load EAL-OPTIONS -- FRAMES SECONDS
//
// Prints millions of frames a second, received from both ports, of each tenth of a second.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

namespace {

// Larger than the switch's, which is to be the slower end: what it does more than its rival would
// not be seen otherwise.
constexpr std::uint16_t burst = 128;
constexpr std::uint16_t descriptors = 1024;
constexpr std::uint16_t frame_bytes = 64;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "famez_fwd_load: %s\n", what);
    std::exit(EXIT_FAILURE);
}

void start_port(std::uint16_t port, rte_mempool* pool) {
    rte_eth_conf conf{};
    conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    rte_eth_dev_info info{};
    rte_eth_dev_info_get(port, &info);
    conf.txmode.offloads &= info.tx_offload_capa;
    if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
        rte_eth_rx_queue_setup(port, 0, descriptors, SOCKET_ID_ANY, nullptr, pool) != 0 ||
        rte_eth_tx_queue_setup(port, 0, descriptors, SOCKET_ID_ANY, nullptr) != 0 ||
        rte_eth_dev_start(port) != 0) {
        fail("a port does not start");
    }
    rte_eth_promiscuous_enable(port);
}

// 02:00:00:<port>:HI:LO
void write_address(std::uint8_t* to, std::uint16_t port, std::uint32_t number) {
    const std::array<std::uint8_t, 6> address = {2,
                                                 0,
                                                 0,
                                                 static_cast<std::uint8_t>(port),
                                                 static_cast<std::uint8_t>(number >> 8),
                                                 static_cast<std::uint8_t>(number)};
    std::memcpy(to, address.data(), address.size());
}

rte_mbuf* make_frame(rte_mempool* pool, std::uint16_t port, std::uint32_t number) {
    rte_mbuf* const packet = rte_pktmbuf_alloc(pool);
    if (packet == nullptr) fail("too few buffers");
    packet->pkt_len = packet->data_len = frame_bytes;
    auto* const frame = rte_pktmbuf_mtod(packet, std::uint8_t*);
    std::memset(frame, 0, frame_bytes);
    write_address(frame, port ^ 1U, number);
    write_address(frame + 6, port, number);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    return packet;
}

void send(std::uint16_t port, rte_mbuf** packets, std::uint16_t count) {
    for (std::uint16_t sent = 0; sent < count;)
        sent += rte_eth_tx_burst(port, 0, packets + sent, count - sent);
}

std::uint16_t turn(std::uint16_t from) {
    std::array<rte_mbuf*, burst> packets;
    const std::uint16_t count = rte_eth_rx_burst(from, 0, packets.data(), burst);
    send(from ^ 1U, packets.data(), count);
    return count;
}

void run(rte_mempool* pool, std::uint32_t frames, std::uint32_t seconds) {
    // Slowly: what a switch does not know it floods, and that may be limited.
    for (std::uint32_t i = 0; i < frames; ++i) {
        for (std::uint16_t port = 0; port < 2; ++port) {
            rte_mbuf* packet = make_frame(pool, port, i);
            send(port, &packet, 1);
            rte_delay_us_block(50);
            turn(port ^ 1U);
        }
    }
    const std::uint64_t hz = rte_get_tsc_hz();
    for (std::uint32_t tenth = 0; tenth < 10 * seconds; ++tenth) {
        const std::uint64_t end = rte_rdtsc() + hz / 10;
        std::uint64_t came = 0;
        while (rte_rdtsc() < end) {
            for (int i = 0; i < 64; ++i)
                came += turn(0) + turn(1);
        }
        std::printf("%.2f\n", static_cast<double>(came) / 1e5);
        std::fflush(stdout);
    }
}

std::uint32_t number(std::string_view text) {
    std::uint32_t value = 0;
    const auto end = text.data() + text.size();
    if (std::from_chars(text.data(), end, value).ptr != end || value == 0) fail("bad number");
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    const int used = rte_eal_init(argc, argv);
    if (used < 0 || argc - used != 3) fail("usage: famez_fwd_load EAL-OPTIONS -- FRAMES SECONDS");
    if (rte_eth_dev_count_avail() != 2) fail("there must be two ports");
    rte_mempool* pool =
        rte_pktmbuf_pool_create("load", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (pool == nullptr) fail("no memory");
    start_port(0, pool);
    start_port(1, pool);
    run(pool, number(argv[used + 1]), number(argv[used + 2]));
    for (std::uint16_t port = 0; port < 2; ++port) {
        rte_eth_dev_stop(port);
        rte_eth_dev_close(port);
    }
    rte_eal_cleanup();
    return EXIT_SUCCESS;
}
