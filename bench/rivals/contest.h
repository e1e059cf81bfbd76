// SPDX-License-Identifier: BSD-3-Clause
// The four roles, over any Link. A Link has
//
//   Link(const Options&)           waits for the other end
//   send(size, fill)               fill(place) writes the message where it is to be; waits for room
//   send_back(data, size)          a message that has just been received, before the visit ends
//   receive(visit)                 visit(data, size) for those that are there; says how many. May
//                                  wait for one.
//   flush()                        what was sent goes out
//
// and is a template's argument, so that the loops hold nothing virtual. The first word of a message
// is its number. Bytes are written and read by famez_pingpong's own functions.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <utility>

#include "clock.h"
#include "histogram.h"
#include "meeting.h"
#include "options.h"
#include "pin.h"
#include "result.h"
#include "touch.h"
#include "wire.h"

namespace famez::rivals {

// First words that are no number.
inline constexpr std::uint64_t end_mark = UINT64_MAX;
inline constexpr std::uint64_t hello_mark = UINT64_MAX - 1;

template <class Link>
class Contest {
  public:
    Contest(const char* driver, const Options& options)
        : driver_(driver), options_(options), link_(options) {}

    void run() {
        switch (options_.role) {
            case Role::rx:
                return receive();
            case Role::tx:
                return options_.written == Bytes::all ? transmit<true>() : transmit<false>();
            case Role::pong:
                return answer();
            case Role::ping:
                return ask();
        }
    }

  private:
    // The clock, the end and the like are looked at so often.
    static constexpr std::uint32_t look_messages = 64;
    static constexpr std::uint32_t look_bytes = 1 << 20;
    static constexpr double warm_up_share = 0.1;

    void send_word(std::uint64_t first, std::uint64_t second = 0) {
        link_.send(options_.size, [=](std::uint8_t* place) {
            pingpong::store(place, first);
            pingpong::store(place + sizeof first, second);
        });
        link_.flush();
    }

    // The first message may have to find its way: some libraries connect only then. The answer's
    // second word.
    std::uint64_t ask_for_word(std::uint64_t mark) {
        send_word(mark);
        std::uint64_t answer = 0;
        while (link_.receive([&](const std::uint8_t* data, std::uint32_t) {
            answer = pingpong::load<std::uint64_t>(data + sizeof answer);
        }) == 0) {
        }
        return answer;
    }

    template <bool all>
    void transmit() {
        ask_for_word(hello_mark);
        const std::uint32_t batch =
            std::clamp<std::uint32_t>(look_bytes / options_.size, 1, look_messages);
        const std::uint64_t start = pingpong::now_cycles();
        const std::uint64_t end = start + pingpong::to_cycles(options_.seconds);
        std::uint64_t sent = 0;
        while (pingpong::now_cycles() < end) {
            for (std::uint32_t i = 0; i < batch; ++i, ++sent) {
                link_.send(options_.size, [&](std::uint8_t* place) {
                    if constexpr (all) {
                        pingpong::write_pattern(place, options_.size, 0, sent);
                    } else {
                        pingpong::store(place, sent);
                    }
                });
            }
        }
        // The receiver has all when it says how many.
        const std::uint64_t received = ask_for_word(end_mark);
        const double seconds = pingpong::to_seconds(pingpong::now_cycles() - start);
        if (received != sent) {
            throw RivalError(fmt::format("{} messages sent, {} received", sent, received));
        }
        print(driver_, options_, {sent, seconds});
    }

    void receive() {
        pingpong::TouchSum sum;
        const bool all = options_.touched == Bytes::all;
        std::uint64_t received = 0;
        std::uint64_t mark = 0;
        while (mark != end_mark) {
            link_.receive([&](const std::uint8_t* data, std::uint32_t size) {
                const auto word = pingpong::load<std::uint64_t>(data);
                if (word >= hello_mark) {
                    mark = word;
                    return;
                }
                if (all) sum.add(pingpong::FabricFrame{data, size});
                ++received;
            });
            if (mark == hello_mark) send_word(std::exchange(mark, 0));
        }
        send_word(end_mark, received);
    }

    void round_trip(std::uint64_t number) {
        link_.send(options_.size,
                   [number](std::uint8_t* place) { pingpong::store(place, number); });
        link_.flush();
        std::uint64_t came = 0;
        while (link_.receive([&came](const std::uint8_t* data, std::uint32_t) {
            came = pingpong::load<std::uint64_t>(data);
        }) == 0) {
        }
        if (came != number) throw RivalError("an answer is not of the question");
    }

    void ask() {
        const auto times = std::make_unique<pingpong::Histogram>();
        const std::uint64_t start = pingpong::now_cycles();
        const std::uint64_t first = start + pingpong::to_cycles(options_.seconds * warm_up_share);
        const std::uint64_t end = first + pingpong::to_cycles(options_.seconds);
        std::uint64_t number = 0;
        for (std::uint64_t before = start; before < end;) {
            round_trip(number++);
            const std::uint64_t after = pingpong::now_cycles();
            if (before >= first) times->record(after - before);
            before = after;
        }
        send_word(end_mark);
        print(driver_, options_, {times->count(), options_.seconds, times.get()});
    }

    void answer() {
        for (bool ended = false; !ended;) {
            link_.receive([&](const std::uint8_t* data, std::uint32_t size) {
                ended = pingpong::load<std::uint64_t>(data) == end_mark;
                if (!ended) link_.send_back(data, size);
            });
            link_.flush();
        }
    }

    const char* driver_;
    const Options options_;
    Link link_;
};

// main() of such a program.
template <class Link>
int contest_main(const char* program, const char* driver, int argc, char** argv) {
    const Options options = parse(program, driver, argc, argv);
    try {
        if (options.cpu) pingpong::pin_to(*options.cpu);
        pingpong::start_clock();
        Contest<Link>(driver, options).run();
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}: {}\n", program, error.what());
        return 1;
    }
}

}  // namespace famez::rivals
