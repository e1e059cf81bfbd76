// SPDX-License-Identifier: BSD-3-Clause
// What rx and pong share: the other side of the conversation around a stream, its verification, and
// the rows of the report. The hot loops are theirs.
#pragma once

#include <cstdint>
#include <optional>

#include "control.h"
#include "cpu_use.h"
#include "frames.h"
#include "link_watch.h"
#include "options.h"
#include "pacer.h"
#include "port.h"
#include "queue_verifier.h"
#include "report.h"
#include "tally.h"

namespace famez::pingpong {

// So many empty polls in a row make a pause: the hot loops then note the time, so that a rate ends
// with the last message and not with what came long after it.
inline constexpr std::uint32_t idle_polls = 64;

class Receiver {
  public:
    Receiver(const Options& options, Port& port, LinkWatch& link, Reporter& reporter);

    // For the hot loops: count into this; when messages reach the limit call on_limit(), and on
    // spend() on_tick(); either says whether to go on.
    Tally& tally() { return tally_; }
    [[nodiscard]] std::uint64_t limit() const { return limit_; }
    [[nodiscard]] bool spend(std::uint32_t messages) { return pacer_.spend(messages); }
    bool on_limit();
    bool on_tick();

    // The same for polls that brought nothing; on_idle() may sleep.
    [[nodiscard]] bool spend_empty() { return pacer_.spend_empty(); }
    bool on_idle();

    // Any frame that is not data; it stays the caller's. What was received before it in the same
    // burst must have been counted.
    template <class Frame>
    [[gnu::noinline, gnu::cold]] void on_other(const Frame& frame) {
        on_control(parse_control(frame));
    }

    template <class Frame>
    void verify(const Frame& frame) {
        verifier_.verify(frame);
    }

    void count_dropped(std::uint64_t messages) { dropped_ += messages; }
    [[nodiscard]] const LinkWatch& link() const { return link_; }

    // The last row, if there is something to say.
    void finish();

  private:
    enum class State { idle, open, closed };

    void on_control(const std::optional<ReceivedControl>& received);
    void on_hello(const ReceivedControl& hello);
    void on_end(const ReceivedControl& end);
    void answer(const MacAddress& to, const ControlMessage& question, Control kind);
    void open(std::optional<ReceivedControl> hello);
    void close(const char* ended, const ControlMessage* end);
    void ask_who();
    void complain_of_size() const;
    void look_for_pattern();
    bool is_early(const ControlMessage& end);
    [[nodiscard]] bool stranger(const ReceivedControl& hello) const;
    [[nodiscard]] std::optional<std::uint64_t> count_lost(const ControlMessage* end) const;
    void add_row(const char* ended, std::optional<std::uint64_t> lost);

    const Options& options_;
    Port& port_;
    LinkWatch& link_;
    Reporter& reporter_;
    Tally tally_;
    Pacer pacer_;
    CpuUse cpu_use_;
    QueueVerifier verifier_;

    State state_ = State::idle;
    std::optional<ControlMessage> hello_;  // of the open or the last stream; none: it said no hello
    MacAddress sender_{};
    std::optional<SizeRange> sizes_;
    ControlMessage totals_;  // of the last stream, in case its end is asked again
    std::uint64_t limit_ = 1;
    std::uint32_t early_ends_ = 0;
    std::uint64_t foreign_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t seen_messages_ = 0;  // by the last tick
    std::uint64_t seen_at_ = 0;
    std::uint64_t next_question_ = 0;
    std::uint64_t reported_downs_ = 0;
    std::uint64_t reported_stalls_ = 0;
    std::uint64_t reported_sleeps_ = 0;
    bool content_verified_ = false;
    const char* ended_ = "interrupted";
};

}  // namespace famez::pingpong
