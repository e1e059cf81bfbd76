// SPDX-License-Identifier: BSD-3-Clause
#include "sending_end.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include <rte_mbuf.h>

#include "content.h"
#include "driver_symbol.h"
#include "expect.h"

namespace famez::probe {

decltype(&rte_pmd_famez_pktmbuf_pool_create) pool_in_arena() {
    static const auto function = reinterpret_cast<decltype(&rte_pmd_famez_pktmbuf_pool_create)>(
        driver_symbol("rte_pmd_famez_pktmbuf_pool_create"));
    return function;
}

SendingEnd::SendingEnd(const std::string& socket, unsigned peer, rte_mempool* rx_pool,
                       const std::string& more)
    : devargs_(fmt::format("socket={},peer={}{}", socket, peer, more)), rx_pool_(rx_pool) {
    attach();
}

void SendingEnd::attach() {
    port_ = std::make_unique<EthPort>("net_famez0", devargs_);
    port_->set_up(rx_pool_);
}

void SendingEnd::make_pool(std::uint32_t count, std::uint16_t room) {
    arena_ = pool_in_arena()(port_->id(), "in_arena", count, 0, 0, room, SOCKET_ID_ANY);
    if (arena_ == nullptr) give_up(fmt::format("no pool: {}", rte_strerror(rte_errno)));
}

void SendingEnd::leave() {
    port_->leave();
    if (arena_ != nullptr) rte_mempool_free(arena_);
    arena_ = nullptr;
}

void SendingEnd::send_some(std::uint64_t count, std::uint16_t length, rte_mempool* from) {
    std::array<rte_mbuf*, burst> packets{};
    const auto wanted = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, burst));
    std::uint16_t made = 0;
    for (; made < wanted; ++made) {
        packets[made] = rte_pktmbuf_alloc(from != nullptr ? from : arena_);
        if (packets[made] == nullptr) break;
        fill(packets[made], length, next_ + made);
    }
    const std::uint16_t taken = rte_eth_tx_burst(port_->id(), 0, packets.data(), made);
    next_ += taken;
    rte_pktmbuf_free_bulk(packets.data() + taken, made - taken);
}

void SendingEnd::look_after() {
    static_cast<void>(rte_eth_tx_done_cleanup(port_->id(), 0, 0));
}

void SendingEnd::expect_all_back(const std::function<void()>& meanwhile) {
    const auto give_up_at = Clock::now() + patience;
    while (rte_mempool_avail_count(arena_) < arena_->size && Clock::now() < give_up_at) {
        meanwhile();
        look_after();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    expect_equal(rte_mempool_avail_count(arena_), arena_->size, "buffers back in the arena");
}

void SendingEnd::scribble() {
    std::vector<rte_mbuf*> all;
    while (rte_mbuf* buffer = rte_pktmbuf_alloc(arena_)) {
        std::memset(buffer->buf_addr, 0x5a, buffer->buf_len);
        all.push_back(buffer);
    }
    rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
}

}  // namespace famez::probe
