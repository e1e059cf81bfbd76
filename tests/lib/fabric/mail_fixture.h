// SPDX-License-Identifier: BSD-3-Clause
//
// A mailbox without a fabric around it, and stations that ring each other by eventfd: what old
// clients have too.
#pragma once

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <famez/mail_station.h>

#include "fake_transport.h"

namespace famez::test {

struct MailArea {
    explicit MailArea(std::uint32_t port_count, MailDialect the_dialect = MailDialect::with_class)
        : ports(port_count), dialect(the_dialect) {
        write_mail_words(memory.bytes(), ports, dialect);
        for (std::uint32_t i = 0; i < (ports + 2) * (ports + 2); ++i)
            eventfds.emplace_back(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    }
    [[nodiscard]] int eventfd(std::uint32_t id, std::uint32_t vector) const {
        return eventfds[id * (ports + 2) + vector].get();
    }

    std::uint32_t ports;
    MailDialect dialect;
    FencedMemory memory{std::size_t{1} << 16};
    std::vector<UniqueFd> eventfds;  // by id and vector
};

class MailTransport : public Transport {
  public:
    // With so many doorbells of its own; 0: all.
    MailTransport(MailArea& area, std::uint16_t id, std::uint32_t vectors = 0)
        : area_(area), id_(id) {
        for (std::uint32_t v = 0; v < (vectors == 0 ? area.ports + 2 : vectors); ++v)
            own_.push_back(area.eventfd(id, v));
    }
    [[nodiscard]] std::span<std::byte> region() const override { return area_.memory.bytes(); }
    [[nodiscard]] MemoryType memory_type() const override { return MemoryType::write_back; }
    [[nodiscard]] std::uint16_t id() const override { return id_; }
    [[nodiscard]] std::span<const int> eventfds() const override { return own_; }
    bool ring(std::uint16_t peer, std::uint16_t vector) override {
        if (peer > area_.ports + 1 || vector >= reach) return false;
        ring_eventfd(area_.eventfd(peer, vector));
        return true;
    }
    bool service() override { return true; }

    std::uint16_t reach = 1000;  // vectors from here on do not exist at the others

  private:
    MailArea& area_;
    std::uint16_t id_;
    std::vector<int> own_;
};

// A station that keeps what it gets.
struct MailClient {
    MailClient(MailArea& area, std::uint16_t id, std::uint32_t vectors = 0)
        : transport(area, id, vectors), station(transport, Mailbox::open(transport.region(), id)) {
        station.mailbox().show({"z0" + std::to_string(id), "Debugger", 0, 0});
    }
    void receive() {
        station.receive([this](Mail&& mail) { inbox.push_back(std::move(mail)); });
    }
    void sweep() {
        station.sweep([this](Mail&& mail) { inbox.push_back(std::move(mail)); });
    }
    // Goes on with the clock at `now`, and says how the first of what was submitted ended.
    std::optional<MailEnd> pump(MailSender::Clock::time_point now = MailSender::Clock::now()) {
        station.sender().pump(now);
        const auto receipt = station.sender().receipt();
        return receipt ? std::optional(receipt->end) : std::nullopt;
    }

    MailTransport transport;
    MailStation station;
    std::vector<Mail> inbox;
};

}  // namespace famez::test
