// SPDX-License-Identifier: BSD-3-Clause
#include "receiving_end.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "content.h"
#include "expect.h"
#include "measures.h"

namespace famez::probe {

rte_mempool* make_rx_pool() {
    rte_mempool* const pool =
        rte_pktmbuf_pool_create("for_copies", 511, 0, 0, large_room, SOCKET_ID_ANY);
    if (pool == nullptr) give_up("no memory for a pool");
    return pool;
}

ReceivingEnd::ReceivingEnd(const std::string& socket, unsigned peer, rte_mempool* rx_pool,
                           std::uint16_t queues)
    : port_("net_famez1", fmt::format("socket={},peer={},trust=all", socket, peer)) {
    port_.set_up(rx_pool, queues);
    port_.start();
}

void ReceivingEnd::receive_some(std::uint16_t length, std::uint64_t keep_from) {
    std::array<rte_mbuf*, burst> packets{};
    const std::uint16_t came = rte_eth_rx_burst(port_.id(), 0, packets.data(), burst);
    for (std::uint16_t i = 0; i < came; ++i, ++next_) {
        if (!holds(packets[i], length, next_)) give_up(fmt::format("frame {}", next_));
        if (next_ >= keep_from) {
            held_.push_back({packets[i], length, next_});
        } else {
            rte_pktmbuf_free(packets[i]);
        }
    }
}

void ReceivingEnd::receive_until(std::uint64_t last, std::uint16_t length, std::uint64_t keep_from,
                                 const std::function<void()>& meanwhile) {
    auto give_up_at = Clock::now() + patience;
    while (next_ < last) {
        const std::uint64_t before = next_;
        meanwhile();
        receive_some(length, keep_from);
        if (next_ != before) give_up_at = Clock::now() + patience;
        if (Clock::now() > give_up_at) give_up(fmt::format("frame {} of {} is late", next_, last));
    }
}

void ReceivingEnd::check_held(const char* when) const {
    const auto bad = std::count_if(held_.begin(), held_.end(), [](const Held& held) {
        return !holds(held.packet, held.length, held.number);
    });
    expect(bad == 0, "{}: {} of {} packets that the application holds have changed", when, bad,
           held_.size());
}

void ReceivingEnd::free_held() {
    free_held_but(0);
}

void ReceivingEnd::free_held_but(std::size_t number) {
    if (held_.size() <= number) return;
    const auto kept = held_.end() - static_cast<std::ptrdiff_t>(number);
    std::for_each(held_.begin(), kept, [](const Held& held) { rte_pktmbuf_free(held.packet); });
    held_.erase(held_.begin(), kept);
}

void ReceivingEnd::look_after() {
    std::array<rte_mbuf*, 1> packets{};
    static_cast<void>(rte_eth_rx_burst(port_.id(), 0, packets.data(), 0));
}

void expect_headers_back() {
    rte_mempool_walk(
        [](rte_mempool* pool, void*) {
            if (std::string_view(pool->name).find("_ref") == std::string_view::npos) return;
            expect_equal(rte_mempool_avail_count(pool), pool->size,
                         fmt::format("headers back in {}", pool->name));
        },
        nullptr);
}

}  // namespace famez::probe
