// SPDX-License-Identifier: BSD-3-Clause
//
// The functions of rte_pmd_famez.h that are about mail.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "ethdev.h"
#include "mail.h"
#include "rte_pmd_famez.h"

static_assert(RTE_PMD_FAMEZ_MAIL_MAX == famez::Mailbox::message_max);

namespace famez::pmd {
namespace {

struct Found {
    MailPort* mail;
    int error;
};

Found mail_of(std::uint16_t port_id) {
    if (rte_pmd_famez_id(port_id) < 0) return {nullptr, -ENODEV};
    MailPort* mail = attachment_of(&rte_eth_devices[port_id])->mail();
    return {mail, mail != nullptr ? 0 : -ENOTSUP};
}

// Zero behind the text, whatever its length.
template <std::size_t Size>
void copy_text(char (&to)[Size], const std::string& text) {
    std::memset(to, 0, Size);
    std::memcpy(to, text.data(), std::min(text.size(), Size - 1));
}

}  // namespace
}  // namespace famez::pmd

using famez::pmd::mail_of;

int rte_pmd_famez_mail_send(std::uint16_t port_id, std::uint16_t to, const void* data,
                            std::size_t length, std::uint32_t timeout_us) {
    const auto found = mail_of(port_id);
    if (found.mail == nullptr) return found.error;
    return found.mail->send(to, data, length, std::chrono::microseconds(timeout_us));
}

int rte_pmd_famez_mail_send_ready(std::uint16_t port_id) {
    const auto found = mail_of(port_id);
    if (found.mail == nullptr) return found.error;
    return found.mail->would_wait() ? 0 : 1;
}

int rte_pmd_famez_mail_receive(std::uint16_t port_id, std::uint16_t* from, void* data,
                               std::size_t size) {
    const auto found = mail_of(port_id);
    return found.mail == nullptr ? found.error : found.mail->receive(from, data, size);
}

int rte_pmd_famez_mail_fd(std::uint16_t port_id) {
    const auto found = mail_of(port_id);
    return found.mail == nullptr ? found.error : found.mail->fd();
}

int rte_pmd_famez_mail_server(std::uint16_t port_id) {
    const auto found = mail_of(port_id);
    if (found.mail == nullptr) return found.error;
    return static_cast<int>(found.mail->mailbox().server_id());
}

int rte_pmd_famez_mail_peer(std::uint16_t port_id, std::uint16_t id,
                            rte_pmd_famez_mail_party* party) {
    const auto found = mail_of(port_id);
    if (found.mail == nullptr) return found.error;
    if (!found.mail->mailbox().has_slot(id)) return -EBADSLT;
    const famez::MailParty there = found.mail->mailbox().look(id);
    famez::pmd::copy_text(party->node, there.node_name);
    famez::pmd::copy_text(party->node_class, there.component_class);
    party->cid = there.cid;
    party->sid = there.sid;
    return there.node_name.empty() ? -EHOSTUNREACH : 0;
}
