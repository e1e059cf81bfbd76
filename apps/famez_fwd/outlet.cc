// SPDX-License-Identifier: BSD-3-Clause
#include "outlet.h"

namespace famez::fwd {

Outlet::Outlet(const OutletConfig& config, Counters& counters, Load& load)
    : port_(config.port),
      queue_(config.queue),
      lock_(config.lock),
      bit_(1U << config.index),
      burst_(config.burst),
      capacity_(2 * config.burst),
      longest_frame_(config.longest_frame),
      when_full_(config.when_full),
      counters_(counters),
      load_(load),
      waiting_(capacity_),
      drain_ticks_(config.drain_ticks),
      stall_ticks_(config.stall_ticks),
      retry_ticks_(config.ticks_per_second / 5000),
      pool_(config.pool) {
    if (!config.impairment.any()) return;
    impairer_ = std::make_unique<Impairer>(config.impairment, config.seed, config.ticks_per_second);
    busy_ = true;
}

Outlet::~Outlet() {
    end();
}

void Outlet::drop(rte_mbuf** packets, std::uint32_t count, Drop reason) {
    counters_.drop(reason, count);
    rte_pktmbuf_free_bulk(packets, count);
}

void Outlet::note_load() {
    const bool held = impairer_ && impairer_->held() != 0;
    busy_ = count_ != 0 || impairer_ != nullptr || stuck_since_ != 0;
    load_.waiting = count_ != 0 || held ? load_.waiting | bit_ : load_.waiting & ~bit_;
    load_.blocked = can_take_all() ? load_.blocked & ~bit_ : load_.blocked | bit_;
}

void Outlet::append(rte_mbuf* packet) {
    if (count_ == 0) gathered_at_ = rte_rdtsc();
    waiting_[count_++] = packet;
}

// What the port has not taken.
void Outlet::keep(rte_mbuf** packets, std::uint32_t count) {
    if (when_full_ == WhenFull::drop) {
        drop(packets, count, Drop::full);
        return;
    }
    if (stuck_since_ == 0) stuck_since_ = rte_rdtsc();
    std::for_each_n(packets, count, [this](rte_mbuf* packet) { append(packet); });
    note_load();
}

void Outlet::impair(rte_mbuf* packet, std::uint64_t now) {
    if (impairer_->duplicates()) {
        rte_mbuf* const copy = rte_pktmbuf_copy(packet, pool_, 0, UINT32_MAX);
        add(counters_.copies, 1);
        if (copy != nullptr) {
            hold(copy, now);
        } else {
            counters_.drop(Drop::no_memory, 1);
        }
    }
    hold(packet, now);
}

void Outlet::hold(rte_mbuf* packet, std::uint64_t now) {
    switch (impairer_->offer(packet, packet->pkt_len, now)) {
        case Fate::held:
            return;
        case Fate::lost:
            return drop(&packet, 1, Drop::lost);
        case Fate::full:
            return drop(&packet, 1, Drop::held_full);
    }
}

void Outlet::pass_slowly(rte_mbuf** packets, std::uint32_t count) {
    if (impairer_) {
        const std::uint64_t now = rte_rdtsc();
        std::for_each_n(packets, count, [&](rte_mbuf* packet) { impair(packet, now); });
        work(now);
        return;
    }
    std::for_each_n(packets, count, [this](rte_mbuf* packet) { append(packet); });
    push();
}

void Outlet::gather(rte_mbuf* packet) {
    if (impairer_) [[unlikely]] {
        impair(packet, rte_rdtsc());
        note_load();
        return;
    }
    append(packet);
    if (count_ >= burst_ && stuck_since_ == 0) {
        push();
    } else if (count_ == 1 || !can_take_all()) {
        note_load();
    }
}

void Outlet::push() {
    if (count_ == 0) {
        note_load();
        return;
    }
    const auto count = static_cast<std::uint16_t>(count_);
    const std::uint16_t sent = transmit(waiting_.data(), count);
    add(counters_.sent, sent);
    std::copy(waiting_.begin() + sent, waiting_.begin() + count, waiting_.begin());
    count_ -= sent;
    if (sent != 0) stuck_since_ = 0;
    if (count_ != 0 && when_full_ == WhenFull::drop) {
        drop(waiting_.data(), count_, Drop::full);
        count_ = 0;
    }
    if (count_ != 0) {
        if (sent == 0) drop_too_long();
        stall(rte_rdtsc());
    }
    note_load();
}

// Some drivers refuse such a frame for ever, and so all behind it.
void Outlet::drop_too_long() {
    if (waiting_[0]->pkt_len <= longest_frame_) return;
    drop(waiting_.data(), 1, Drop::too_long);
    std::copy(waiting_.begin() + 1, waiting_.begin() + count_, waiting_.begin());
    --count_;
}

void Outlet::stall(std::uint64_t now) {
    if (stuck_since_ == 0) stuck_since_ = now;
    if (count_ == 0 || stall_ticks_ == 0 || now - stuck_since_ < stall_ticks_) return;
    // It stays stuck: the next frames go the same way after one try.
    drop(waiting_.data(), count_, Drop::stalled);
    count_ = 0;
}

void Outlet::work(std::uint64_t now) {
    if (impairer_) {
        count_ +=
            impairer_->release(reinterpret_cast<void**>(waiting_.data()) + count_, room(), now);
        push();
        return;
    }
    const bool drained = now >= gathered_at_ + drain_ticks_;
    if (drained || stuck_since_ != 0) push();
}

std::uint64_t Outlet::next_due(std::uint64_t now) const {
    std::uint64_t due = UINT64_MAX;
    if (impairer_ && room() != 0) due = impairer_->next_due();
    if (count_ != 0) {
        due = std::min(due, stuck_since_ != 0 ? now + retry_ticks_ : gathered_at_ + drain_ticks_);
    }
    return due;
}

void Outlet::end() {
    drop(waiting_.data(), count_, Drop::at_end);
    count_ = 0;
    while (impairer_ && impairer_->held() != 0) {
        const std::uint32_t held =
            impairer_->empty_into(reinterpret_cast<void**>(waiting_.data()), capacity_);
        drop(waiting_.data(), held, Drop::at_end);
    }
    note_load();
}

}  // namespace famez::fwd
