// SPDX-License-Identifier: BSD-3-Clause
// The floor: a ring of slots between two processes that trust each other, with one copy in and no
// more around it than two counters. What a fabric adds to this is what it costs.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "contest.h"

namespace famez::rivals {
namespace {

constexpr std::size_t line = 128;  // two, because CPUs fetch lines in pairs

// A direction's counters, each on lines of its own.
struct Counters {
    alignas(line) std::atomic<std::uint64_t> written{0};
    alignas(line) std::atomic<std::uint64_t> read{0};
};

class CopyFloor {
  public:
    explicit CopyFloor(const Options& options)
        : size_(options.size),
          stride_((options.size + line - 1) / line * line),
          slots_(std::max<std::uint64_t>(ring_bytes / stride_, 4)),
          own_((options.size + line - 1) / line * line) {
        const std::size_t ring = sizeof(Counters) + slots_ * stride_;
        std::byte* const memory = shared_memory(options, 2 * ring);
        out_ = Ring(memory + options.end() * ring);
        in_ = Ring(memory + (1 - options.end()) * ring);
        exchange(options, "here", 4);
    }

    template <class Fill>
    void send(std::uint32_t size, Fill&& fill) {
        fill(own_.data());
        send_back(own_.data(), size);
    }

    void send_back(const std::uint8_t* data, std::uint32_t size) {
        if (position_ - room_from_ == slots_) wait_for_room();
        std::memcpy(out_.slots + position_ % slots_ * stride_, data, size);
        ++position_;
        if (position_ - told_ >= batch || size >= large) flush();
    }

    void flush() {
        told_ = position_;
        out_.counters->written.store(position_, std::memory_order_release);
    }

    template <class Visit>
    std::uint32_t receive(Visit&& visit) {
        const std::uint64_t there = in_.counters->written.load(std::memory_order_acquire);
        const auto count = static_cast<std::uint32_t>(std::min(there - taken_, batch));
        for (std::uint32_t i = 0; i < count; ++i, ++taken_)
            visit(in_.slots + taken_ % slots_ * stride_, size_);
        if (taken_ - given_ >= slots_ / 4) {
            given_ = taken_;
            in_.counters->read.store(taken_, std::memory_order_release);
        }
        return count;
    }

  private:
    struct Ring {
        Ring() = default;
        explicit Ring(std::byte* memory)
            : counters(reinterpret_cast<Counters*>(memory)),
              slots(reinterpret_cast<std::uint8_t*>(memory) + sizeof(Counters)) {}
        Counters* counters = nullptr;
        std::uint8_t* slots = nullptr;
    };

    static constexpr std::uint64_t ring_bytes = 1 << 20;
    static constexpr std::uint64_t batch = 32;
    static constexpr std::uint32_t large = 4096;  // told at once

    void wait_for_room() {
        flush();
        do {
            room_from_ = out_.counters->read.load(std::memory_order_acquire);
        } while (position_ - room_from_ == slots_);
    }

    const std::uint32_t size_;
    const std::uint64_t stride_;
    const std::uint64_t slots_;
    std::vector<std::uint8_t> own_;
    Ring out_;
    Ring in_;
    std::uint64_t position_ = 0;   // of the next message to send
    std::uint64_t told_ = 0;       // what the receiver knows of it
    std::uint64_t room_from_ = 0;  // what the receiver has given back, as seen last
    std::uint64_t taken_ = 0;      // of the next message to receive
    std::uint64_t given_ = 0;      // what the sender knows of it
};

}  // namespace
}  // namespace famez::rivals

int main(int argc, char** argv) {
    return famez::rivals::contest_main<famez::rivals::CopyFloor>("famez_copy_floor", "one copy",
                                                                 argc, argv);
}
