// SPDX-License-Identifier: BSD-3-Clause
#include "attachment.h"

#include <fmt/format.h>

#include <utility>

#include <rte_alarm.h>
#include <rte_log.h>

#include <famez/error.h>

#include "log.h"
#include "mac.h"

RTE_LOG_REGISTER(famez_logtype, pmd.net.famez, NOTICE)

namespace famez::pmd {
namespace {

void log_line(std::uint32_t level, const std::string& line) {
    rte_log(level, static_cast<std::uint32_t>(famez_logtype), "net_famez: %s\n", line.c_str());
}

}  // namespace

void log_error(const std::string& line) {
    log_line(RTE_LOG_ERR, line);
}
void log_warning(const std::string& line) {
    log_line(RTE_LOG_WARNING, line);
}
void log_notice(const std::string& line) {
    log_line(RTE_LOG_NOTICE, line);
}
void log_info(const std::string& line) {
    log_line(RTE_LOG_INFO, line);
}

constinit std::mutex attachments_mutex;

Attachment::Attachment(std::string name, std::unique_ptr<Transport> transport,
                       const Devargs& devargs, DevPrivate& shared,
                       std::function<void(bool)> after_tick)
    : name_(std::move(name)),
      transport_(std::move(transport)),
      devargs_(devargs),
      shared_(shared),
      after_tick_(std::move(after_tick)),
      zero_copy_(name_, devargs_.trust, transport_->memory_type()) {
    join();
    shared_.id = fabric_->port().id();
    shared_.number = fabric_->port().geometry().number;
    addresses_.listed[0] = mac_word(mac_of(shared_.number, shared_.id));
    addresses_.publish(fabric_->port());
    shared_.peer = devargs_.peer;
    shared_.unsummed = devargs_.unsummed;
    shared_.frame_max = fabric_->port().geometry().payload_max();
    shared_.lanes = fabric_->port().geometry().lanes;
    if (devargs_.peer == shared_.id) {
        throw FabricError(fmt::format("devarg peer={}: that is this port's own id", devargs_.peer));
    }
    if (devargs_.peer > fabric_->port().geometry().ports) {
        throw FabricError(fmt::format("devarg peer={}: this fabric has ports 1 to {}",
                                      devargs_.peer, fabric_->port().geometry().ports));
    }
    if (devargs_.mail) join_mail();
    rte_eal_alarm_set(Port::tick_ms * 1000, on_alarm, this);
}

// Cancelling waits for a callback that runs.
Attachment::~Attachment() {
    rte_eal_alarm_cancel(on_alarm, this);
}

void Attachment::join() {
    PortOptions options;
    options.node_name = devargs_.node;
    options.node_class = devargs_.node_class;
    // All that there are: others send on as many as they have queues, whatever number we have.
    options.lanes = layout::lanes_max;
    if (zero_copy_.keeps()) options.capabilities |= layout::cap_keeps_refs;
    fabric_ = make_fabric(*transport_, std::move(options), devargs_.peer, std::span(shared_.tx),
                          std::span(shared_.rx));
    if (zero_copy_.loans() != nullptr) fabric_->lend_from(*zero_copy_.loans());
    const std::lock_guard lock(outlooks_mutex_);
    outlooks_.clear();
    outlooks_.resize(fabric_->port().lanes());
}

void Attachment::make_copies(std::uint32_t frame_max, int socket) {
    if (devargs_.lend != 0) zero_copy_.make_copies(*fabric_, devargs_.lend, frame_max, socket);
}

Outlook& Attachment::outlook(std::uint32_t queue) {
    const std::lock_guard lock(outlooks_mutex_);
    auto& outlook = outlooks_.at(queue);
    if (!outlook) outlook = std::make_unique<Outlook>(fabric_->port(), devargs_.stall_ms);
    return *outlook;
}

void Attachment::refresh_outlooks() {
    const std::lock_guard lock(outlooks_mutex_);
    for (const auto& outlook : outlooks_)
        if (outlook) outlook->book.refresh();
}

// Messages are a courtesy: without them the port still does its work.
void Attachment::join_mail() {
    const std::string node =
        devargs_.node.empty() ? fmt::format("z{:02}", shared_.id) : devargs_.node;
    try {
        mail_ = std::make_unique<MailPort>(*transport_, MailParty{node, devargs_.node_class, 0, 0},
                                           shared_.mail);
    } catch (const FabricError& error) {
        log_warning(fmt::format("{}: no mail: {}", name_, error.what()));
    }
}

bool Attachment::tick() {
    // The transport takes in news of the doorbells that senders of mail ring.
    const auto guard = mail_ ? mail_->lock() : std::unique_lock<std::mutex>();
    return fabric_->tick();
}

bool Attachment::link_up() const {
    return fabric_ && (devargs_.peer == 0 || fabric_->port().alive(devargs_.peer));
}

void Attachment::restart() {
    rte_eal_alarm_cancel(on_alarm, this);
    const std::lock_guard lock(attachments_mutex);
    fabric_.reset();
    join();
    addresses_.publish(fabric_->port());
    rte_eal_alarm_set(Port::tick_ms * 1000, on_alarm, this);
}

void Attachment::abandon() {
    rte_eal_alarm_cancel(on_alarm, this);
    mail_.reset();
}

void Attachment::on_alarm(void* opaque) {
    auto& self = *static_cast<Attachment*>(opaque);
    const bool served = self.tick();
    if (self.mail_) self.mail_->tick();
    if (self.served_ && !served) {
        log_notice(self.name_ + ": the server has gone; traffic between the ports goes on");
    }
    self.served_ = served;
    self.refresh_outlooks();
    self.zero_copy_.tick();
    rte_eal_alarm_set(Port::tick_ms * 1000, on_alarm, opaque);
    // Last, and not out of `self`: an application that hears of its link may close the port.
    const auto after_tick = self.after_tick_;
    after_tick(self.link_up());
}

}  // namespace famez::pmd
