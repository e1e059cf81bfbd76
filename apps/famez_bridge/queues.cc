// SPDX-License-Identifier: BSD-3-Clause
#include "queues.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace famez::bridge {
namespace {

// A receiver that is awake takes its mail within this: a writer is answered without a timer.
constexpr std::chrono::microseconds short_wait{500};

}  // namespace

void Incoming::fetch() {
    while (!full()) {
        const auto received = mail_.receive();
        if (!received) return;
        messages_.push_back(format_read(received->cid, received->sid, received->payload));
    }
}

bool Incoming::ready() {
    if (messages_.empty()) fetch();
    return !messages_.empty();
}

std::variant<std::string, int> Incoming::take(std::size_t room) {
    if (!ready()) return -EAGAIN;
    if (messages_.front().size() > room) return -E2BIG;
    std::string first = std::move(messages_.front());
    messages_.pop_front();
    return first;
}

std::optional<std::uint64_t> Outgoing::write(std::string_view text, bool wait, const Done& done) {
    const auto parsed = parse_written(text, mail_.server_id());
    if (const int* error = std::get_if<int>(&parsed)) {
        done(*error);
        return std::nullopt;
    }
    const auto& letter = std::get<Letter>(parsed);
    int result = -EAGAIN;
    if (idle()) {
        result =
            mail_.send(letter.to, letter.payload, wait ? short_wait : std::chrono::microseconds(0));
    }
    if (result != -EAGAIN || !wait) {
        done(result);
        return std::nullopt;
    }
    waiting_.push_back({++tickets_, letter.to, std::string(letter.payload), done});
    return tickets_;
}

void Outgoing::retry() {
    while (!waiting_.empty()) {
        const Waiting& first = waiting_.front();
        const int result = mail_.send(first.to, first.payload, std::chrono::microseconds(0));
        if (result == -EAGAIN) return;
        const Done done = first.done;
        waiting_.pop_front();
        done(result);
    }
}

bool Outgoing::cancel(std::uint64_t ticket) {
    return std::erase_if(waiting_, [ticket](const Waiting& w) { return w.ticket == ticket; }) != 0;
}

}  // namespace famez::bridge
