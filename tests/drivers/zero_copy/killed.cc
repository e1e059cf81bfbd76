// SPDX-License-Identifier: BSD-3-Clause
//
// A sender is killed while its packets are held: by two programs, `holds_on` at id 1 and, at id 2,
// `lends` or `lends_on`, which has to be killed, and then `lends_scribbling`.
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include <rte_mbuf.h>

#include "expect.h"
#include "measures.h"
#include "receiving_end.h"
#include "scenarios.h"
#include "sending_end.h"

namespace famez::probe {
namespace {

constexpr unsigned receiver_id = 1;
constexpr unsigned sender_id = 2;
constexpr std::uint64_t frames = 500;
constexpr std::size_t kept = 100;
// The successor's first: its buffers and its predecessor's have no frame in common.
constexpr std::uint64_t successors = 1'000'000'000;
// Until the other program is there, or gone.
constexpr std::chrono::seconds others_patience{100};

// `meanwhile`: done again and again.
template <class Meanwhile>
void wait_for_link(const EthPort& port, bool up, const Meanwhile& meanwhile) {
    const auto give_up_at = Clock::now() + others_patience;
    while (port.link_is_up() != up) {
        meanwhile();
        if (Clock::now() > give_up_at) give_up(up ? "the link stays down" : "the link stays up");
    }
}

class Lender : public SendingEnd {
  public:
    explicit Lender(const std::string& socket) : SendingEnd(socket, receiver_id, make_rx_pool()) {
        make_pool();
    }
    void start() {
        port().start();
        wait_for_link(port(), true, [] { std::this_thread::yield(); });
    }
    void send_while_there_is_somebody() {
        wait_for_link(port(), false, [&] { send_some(burst, jumbo); });
    }
};

class Borrower : public ReceivingEnd {
  public:
    explicit Borrower(const std::string& socket)
        : ReceivingEnd(socket, sender_id, make_rx_pool()) {}

    // The last ones that come before the sender's end.
    void hold_what_comes_last() {
        bool told = false;
        const auto receive = [&] {
            receive_some(jumbo, 0);
            free_held_but(kept);
            if (held().size() < kept || told) return;
            say("holds packets");
            told = true;
        };
        wait_for_link(port(), true, receive);
        wait_for_link(port(), false, receive);
        // What the sender left in the lane: no more than its buffers.
        for (std::size_t polled = 0; polled < 2 * SendingEnd::buffers; polled += burst)
            receive();
        for (const auto end = Clock::now() + ticks; Clock::now() < end;)
            receive();
    }

    void expect_lent() {
        expect_equal(held().size(), kept, "packets held");
        for (const Held& one : held())
            expect(RTE_MBUF_HAS_EXTBUF(one.packet), "frame {} was copied", one.number);
        expect_equal(port().statistic("rx_references"), next(), "references received");
    }
};

}  // namespace

void lends(const std::string& socket) {
    Lender lender(socket);
    lender.start();
    while (lender.next() < frames)
        lender.send_some(frames - lender.next(), jumbo);
    say("has sent");
    for (;;)
        std::this_thread::sleep_for(others_patience);
}

void lends_on(const std::string& socket) {
    Lender lender(socket);
    lender.start();
    lender.send_while_there_is_somebody();
    give_up("was to be killed before its receiver ends");
}

void lends_scribbling(const std::string& socket) {
    Lender lender(socket);
    lender.scribble();
    lender.number_from(successors);
    lender.start();
    lender.send_while_there_is_somebody();
    lender.expect_all_back();
}

void holds_on(const std::string& socket) {
    Borrower borrower(socket);
    say("waits for the sender");
    borrower.hold_what_comes_last();
    borrower.expect_lent();
    borrower.check_held("after the sender was killed");
    const std::uint64_t before = borrower.port().statistic("rx_references");
    say("the sender is gone");

    borrower.number_from(successors);
    // None of the successor's is kept.
    const auto receive = [&] { borrower.receive_some(jumbo, UINT64_MAX); };
    wait_for_link(borrower.port(), true, receive);
    // It has written all of its pool.
    borrower.check_held("when its successor starts");
    const auto receive_more = [&](std::uint64_t turns) {
        borrower.receive_until(borrower.next() + turns * SendingEnd::buffers, jumbo, UINT64_MAX);
    };
    receive_more(4);
    borrower.check_held("while its successor sends");
    expect(borrower.port().statistic("rx_references") > before, "its successor lends nothing");
    borrower.free_held();
    receive_more(10);
    borrower.port().stop();
    expect_headers_back();
}

}  // namespace famez::probe
