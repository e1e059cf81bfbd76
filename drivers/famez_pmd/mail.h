// SPDX-License-Identifier: BSD-3-Clause
//
// A port's part in FAME-Z mail: it shows itself in its slot, answers what every port answers by
// itself, and keeps the rest for the application. On the control path only: EAL's interrupt thread,
// and whoever calls the functions of rte_pmd_famez.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include <rte_interrupts.h>

#include <famez/mail_station.h>
#include <famez/unique_fd.h>

namespace famez::pmd {

struct MailCounters {
    std::uint64_t sent = 0;       // taken by their receivers, our own answers included
    std::uint64_t received = 0;   // taken out of others' slots
    std::uint64_t not_taken = 0;  // taken back, as their receivers let the time pass
};

class MailPort {
  public:
    using Clock = MailSender::Clock;
    // What the application may leave unread; the rest waits in its senders' slots.
    static constexpr std::size_t inbox_max = 256;

    // `transport` and `counters` outlive this. Throws FabricError.
    MailPort(Transport& transport, MailParty self, MailCounters& counters);
    MailPort(const MailPort&) = delete;
    MailPort& operator=(const MailPort&) = delete;
    ~MailPort();

    // For who changes what sending looks at: the transport's descriptors.
    [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
    // Every Port::tick_ms, from the control thread: mail whose doorbell is missing, and what is
    // under way.
    void tick();

    // As the functions of rte_pmd_famez.h. Any thread.
    int send(std::uint32_t to, const void* data, std::size_t bytes, std::chrono::microseconds wait);
    bool would_wait();
    int receive(std::uint16_t* from, void* to, std::size_t size);
    [[nodiscard]] int fd() const { return inbox_fd_.get(); }
    [[nodiscard]] const Mailbox& mailbox() { return station_.mailbox(); }

  private:
    static void on_doorbell(void* self);
    static void on_alarm(void* self);
    void take_in(bool everywhere);
    bool accept(const Mail& mail);
    void pump();
    void make_way();
    void note_ends();
    [[nodiscard]] int obstacle(std::uint32_t to, std::size_t bytes);
    int wait_for_slot(std::unique_lock<std::mutex>& lock, Clock::time_point until);
    int post(std::unique_lock<std::mutex>& lock, std::uint32_t to, std::string message);
    void pause(std::unique_lock<std::mutex>& lock);

    MailCounters& counters_;
    std::mutex mutex_;
    MailStation station_;
    MailResponder responder_;
    std::deque<Mail> inbox_;
    UniqueFd inbox_fd_;  // readable while the inbox is not empty
    // The application's letter: the last one's ticket (0: it has ended), how it ended, and whether
    // its loss is still to be told.
    std::uint64_t own_ticket_ = 0;
    std::optional<MailEnd> own_end_;
    bool own_lost_ = false;
    bool alarm_set_ = false;
    bool warned_ = false;
    rte_intr_handle* handle_ = nullptr;
};

}  // namespace famez::pmd
