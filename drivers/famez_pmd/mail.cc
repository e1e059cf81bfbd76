// SPDX-License-Identifier: BSD-3-Clause
#include "mail.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <rte_alarm.h>

#include <famez/counters.h>
#include <famez/error.h>
#include <famez/eventfd.h>

#include "log.h"

namespace famez::pmd {
namespace {

using std::chrono::seconds;

// How long a receiver has for a message while another waits to be sent: FAME-Z's drivers gave five
// seconds. For our own answers less: who asks and does not listen must not keep others waiting.
constexpr seconds patience{5};
constexpr seconds answer_patience{1};
// Answers under way. Who asks more leaves it in his slot meanwhile.
constexpr std::size_t answers_max = 64;
// Nothing tells that a message was taken, and the next answer waits for that.
constexpr std::uint64_t look_again_us = 1000;

// Of type EXT: EAL waits for the descriptor, and leaves reading it to us.
rte_intr_handle* watch(int fd, rte_intr_callback_fn callback, void* argument) {
    rte_intr_handle* handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
    if (handle == nullptr) throw FabricError("no memory for the doorbells of mail");
    if (rte_intr_fd_set(handle, fd) == 0 && rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT) == 0 &&
        rte_intr_callback_register(handle, callback, argument) == 0) {
        return handle;
    }
    rte_intr_instance_free(handle);
    throw FabricError("EAL does not wait for the doorbells of mail (its messages say more)");
}

}  // namespace

MailPort::MailPort(Transport& transport, MailParty self, MailCounters& counters)
    : counters_(counters),
      station_(transport, Mailbox::open(transport.region(), transport.id())),
      responder_(station_.mailbox(), std::move(self)),
      inbox_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!inbox_fd_) throw FabricError(std::string("no eventfd for mail: ") + std::strerror(errno));
    station_.sender().set_linger(true);
    handle_ = watch(station_.fd(), on_doorbell, this);
}

// Both calls wait for a callback that runs.
MailPort::~MailPort() {
    rte_intr_callback_unregister_sync(handle_, on_doorbell, this);
    rte_intr_instance_free(handle_);
    rte_eal_alarm_cancel(on_alarm, this);
}

void MailPort::on_doorbell(void* opaque) {
    auto& self = *static_cast<MailPort*>(opaque);
    const auto lock = self.lock();
    self.take_in(false);
    self.pump();
}

void MailPort::on_alarm(void* opaque) {
    auto& self = *static_cast<MailPort*>(opaque);
    const auto lock = self.lock();
    self.alarm_set_ = false;
    self.pump();
}

void MailPort::tick() {
    const auto guard = lock();
    try {
        take_in(true);
    } catch (const FabricError& error) {
        // A doorbell that cannot be waited for: mail is found here all the same, only later.
        if (!std::exchange(warned_, true)) log_warning(error.what());
    }
    pump();
}

// ---- receiving ----

// The application is told last: senders wait for their slots.
void MailPort::take_in(bool everywhere) {
    const bool was_empty = inbox_.empty();
    station_.offer(everywhere, [this](const Mail& mail) { return accept(mail); });
    if (was_empty && !inbox_.empty()) ::eventfd_write(inbox_fd_.get(), 1);
}

bool MailPort::accept(const Mail& mail) {
    MailSender& sender = station_.sender();
    if (sender.queued() >= answers_max) return false;
    if (auto reply = responder_.answer(mail)) {
        sender.submit(mail.from, std::move(*reply));
    } else {
        if (inbox_.size() >= inbox_max) return false;
        inbox_.push_back(mail);
    }
    add(counters_.received, 1);
    return true;
}

int MailPort::receive(std::uint16_t* from, void* to, std::size_t size) {
    const auto guard = lock();
    if (inbox_.empty()) return -EAGAIN;
    const Mail& mail = inbox_.front();
    const std::size_t bytes = mail.message.size();
    if (bytes > size) return -E2BIG;
    std::memcpy(to, mail.message.data(), bytes);
    *from = static_cast<std::uint16_t>(mail.from);
    inbox_.pop_front();
    if (inbox_.empty()) drain_eventfd(inbox_fd_.get());
    if (inbox_.size() == inbox_max - 1) {  // somebody may wait for the place
        take_in(false);
        pump();
    }
    return static_cast<int>(bytes);
}

// ---- sending ----

void MailPort::note_ends() {
    while (const auto receipt = station_.sender().receipt()) {
        const bool lost =
            receipt->end == MailEnd::not_taken || receipt->end == MailEnd::unreachable;
        if (receipt->end == MailEnd::taken) add(counters_.sent, 1);
        if (lost) add(counters_.not_taken, 1);
        if (receipt->ticket != own_ticket_) continue;
        own_ticket_ = 0;
        own_end_ = receipt->end;
        own_lost_ = own_lost_ || lost;
    }
}

void MailPort::pump() {
    MailSender& sender = station_.sender();
    sender.set_patience(own_ticket_ != 0 ? patience : answer_patience);
    sender.pump(Clock::now());
    note_ends();
    if (sender.queued() < 2 || alarm_set_) return;
    alarm_set_ = rte_eal_alarm_set(look_again_us, on_alarm, this) == 0;
}

void MailPort::make_way() {
    MailSender& sender = station_.sender();
    sender.set_patience(own_ticket_ != 0 ? patience : answer_patience);
    sender.make_way(Clock::now());
    note_ends();
}

int MailPort::obstacle(std::uint32_t to, std::size_t bytes) {
    if (!mailbox().has_slot(to)) return -EBADSLT;
    if (bytes == 0) return -ENODATA;
    if (bytes > Mailbox::message_max) return -E2BIG;
    if (mailbox().look(to).node_name.empty()) return -EHOSTUNREACH;
    return 0;
}

bool MailPort::would_wait() {
    const auto guard = lock();
    make_way();
    return !own_lost_ && !station_.sender().idle();
}

int MailPort::send(std::uint32_t to, const void* data, std::size_t bytes,
                   std::chrono::microseconds wait) {
    auto guard = lock();
    if (const int error = obstacle(to, bytes); error != 0) return error;
    if (const int error = wait_for_slot(guard, Clock::now() + wait); error != 0) return error;
    return post(guard, to, {static_cast<const char*>(data), bytes});
}

int MailPort::wait_for_slot(std::unique_lock<std::mutex>& lock, Clock::time_point until) {
    while (true) {
        make_way();
        if (std::exchange(own_lost_, false)) return -ETIMEDOUT;
        if (station_.sender().idle()) return 0;
        if (Clock::now() >= until) return -EAGAIN;
        pause(lock);
    }
}

int MailPort::post(std::unique_lock<std::mutex>& lock, std::uint32_t to, std::string message) {
    MailSender& sender = station_.sender();
    own_ticket_ = sender.submit(to, std::move(message));
    own_end_.reset();
    pump();
    // At once, but for the moment in which a message that was just taken back is left alone.
    const std::uint64_t ticket = own_ticket_;
    while (own_ticket_ == ticket && ticket != 0 && !sender.posted()) {
        pause(lock);
        pump();
    }
    return own_end_ == MailEnd::absent ? -EHOSTUNREACH : 0;
}

void MailPort::pause(std::unique_lock<std::mutex>& lock) {
    const auto time = station_.sender().pause(Clock::now());
    lock.unlock();
    if (time == Clock::duration::zero()) {
        std::this_thread::yield();
    } else {
        std::this_thread::sleep_for(time);
    }
    lock.lock();
}

}  // namespace famez::pmd
