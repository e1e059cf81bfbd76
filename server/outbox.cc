// SPDX-License-Identifier: BSD-3-Clause
#include "outbox.h"

#include <algorithm>
#include <utility>

namespace famez {

void Outbox::post(std::uint32_t to, std::string message, Clock::time_point now) {
    Box& box = boxes_[to];
    if (now < box.passed_over_until || box.waiting.size() >= queue_max) {
        ++counters_.dropped;
        return;
    }
    if (box.waiting.empty()) turns_.push_back(to);
    box.waiting.push_back(std::move(message));
}

void Outbox::pump(Clock::time_point now) {
    do {
        sender_.pump(now);
        take_receipts(now);
    } while (sender_.idle() && submit_next());
}

bool Outbox::submit_next() {
    if (turns_.empty()) return false;
    const std::uint32_t to = turns_.front();
    under_way_ = to;
    turns_.pop_front();
    Box& box = boxes_[to];
    sender_.set_patience(box.penalty > Clock::duration::zero() ? wary_patience : patience);
    sender_.submit(to, std::move(box.waiting.front()));
    box.waiting.pop_front();
    if (!box.waiting.empty()) turns_.push_back(to);
    return true;
}

void Outbox::take_receipts(Clock::time_point now) {
    while (const auto receipt = sender_.receipt()) {
        // The box is gone when the id has ended meanwhile: its next holder begins anew.
        const auto found = boxes_.find(receipt->to);
        if (receipt->end == MailEnd::taken) {
            ++counters_.sent;
            if (found != boxes_.end()) found->second.penalty = {};
            continue;
        }
        const bool posted = receipt->end == MailEnd::not_taken ||  //
                            receipt->end == MailEnd::unreachable;
        ++(posted ? counters_.not_taken : counters_.dropped);
        if (found == boxes_.end()) continue;
        Box& box = found->second;
        counters_.dropped += box.waiting.size();
        box.waiting.clear();
        std::erase(turns_, receipt->to);
        if (!posted) continue;
        box.penalty = std::clamp<Clock::duration>(2 * box.penalty, pass_over, pass_over_max);
        box.passed_over_until = now + box.penalty;
    }
}

void Outbox::forget(std::uint32_t id, Clock::time_point now) {
    const auto found = boxes_.find(id);
    if (found == boxes_.end()) return;
    counters_.dropped += found->second.waiting.size();
    found->second.waiting.clear();
    std::erase(turns_, id);
    if (!sender_.idle() && under_way_ == id) {
        // What stands in the slot was for its holder: a successor shall not find it there.
        sender_.set_patience({});
        pump(now);
    }
    boxes_.erase(id);
}

}  // namespace famez
