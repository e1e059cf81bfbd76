// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <famez/error.h>
#include <famez/mailbox.h>
#include <famez/memory.h>

namespace famez {

// Offsets in a slot.
struct Mailbox::Words {
    std::size_t buflen, peer_id, last_responder, sid, cid;
};

namespace {

constexpr std::size_t name_bytes = 32;
constexpr std::size_t buf_words = sizeof layout::MailSlot::buf / sizeof(std::uint64_t);
constexpr std::array<std::size_t, 2> peer_id_offset = {offsetof(layout::MailSlot, peer_id), 40};

std::uint64_t& slot_word(std::span<std::byte> region, std::uint32_t slot, std::size_t offset) {
    return at<std::uint64_t>(region, slot * layout::mail_slot_bytes + offset);
}

std::size_t place(MailDialect dialect) {
    return static_cast<std::size_t>(dialect);
}

}  // namespace

void write_mail_words(std::span<std::byte> region, std::uint32_t ports, MailDialect dialect) {
    auto& mail = at<layout::MailGlobals>(region, 0);
    store_relaxed(mail.slot_bytes, layout::mail_slot_bytes);
    store_relaxed(mail.buf_offset, layout::mail_buf_offset);
    store_relaxed(mail.clients, std::uint64_t{ports});
    store_relaxed(mail.events, std::uint64_t{ports} + 2);
    store_relaxed(mail.server_id, std::uint64_t{ports} + 1);
    for (std::uint32_t id = 1; id <= ports + 1; ++id)
        store_relaxed(slot_word(region, id, peer_id_offset[place(dialect)]), std::uint64_t{id});
}

const Mailbox::Words& Mailbox::words() const {
    static constexpr Words by_dialect[] = {
        {offsetof(layout::MailSlot, buflen), peer_id_offset[0],
         offsetof(layout::MailSlot, last_responder), offsetof(layout::MailSlot, peer_sid),
         offsetof(layout::MailSlot, peer_cid)},
        {32, peer_id_offset[1], 48, 56, 64},
    };
    return by_dialect[place(dialect_)];
}

Mailbox Mailbox::open(std::span<std::byte> region, std::uint32_t id) {
    if (region.size() < 3 * layout::mail_slot_bytes) {
        throw FabricError("the region is too small for a FAME-Z mailbox");
    }
    auto& mail = at<layout::MailGlobals>(region, 0);
    const std::uint64_t ports = load_acquire(mail.clients);
    const bool known = load_relaxed(mail.slot_bytes) == layout::mail_slot_bytes &&
                       load_relaxed(mail.buf_offset) == layout::mail_buf_offset &&
                       load_relaxed(mail.server_id) == ports + 1;
    if (!known) {
        throw FabricError(
            "the region has no FAME-Z mailbox (slots of 512 bytes): is the server a stock "
            "ivshmem-server?");
    }
    if (ports < 1 || ports > layout::ports_max ||
        (ports + 2) * layout::mail_slot_bytes > region.size()) {
        throw FabricError(fmt::format("the mailbox says {} ports: impossible", ports));
    }
    if (id < 1 || id > ports + 1) {
        throw FabricError(
            fmt::format("the mailbox has slots 1 to {}, and none for id {}", ports + 1, id));
    }
    const auto server = static_cast<std::uint32_t>(ports + 1);
    for (const MailDialect dialect : {MailDialect::with_class, MailDialect::without_class}) {
        if (load_relaxed(slot_word(region, server, peer_id_offset[place(dialect)])) == server) {
            return Mailbox(region, static_cast<std::uint32_t>(ports), dialect, id);
        }
    }
    throw FabricError("the mailbox has slots of neither known layout");
}

Mailbox::Mailbox(std::span<std::byte> region, std::uint32_t ports, MailDialect dialect,
                 std::uint32_t id)
    : region_(region), ports_(ports), dialect_(dialect), id_(id) {}

std::uint64_t& Mailbox::word(std::uint32_t slot, std::size_t offset) const {
    return slot_word(region_, slot, offset);
}

void Mailbox::write_text(std::uint32_t slot, std::size_t offset, std::string_view text) {
    std::array<std::uint64_t, name_bytes / sizeof(std::uint64_t)> packed{};
    std::memcpy(packed.data(), text.data(), std::min(text.size(), name_bytes - 1));
    for (std::size_t i = 0; i < packed.size(); ++i)
        store_relaxed(word(slot, offset + i * sizeof packed[0]), packed[i]);
}

std::string Mailbox::read_text(std::uint32_t slot, std::size_t offset) const {
    std::array<std::uint64_t, name_bytes / sizeof(std::uint64_t)> packed{};
    for (std::size_t i = 0; i < packed.size(); ++i)
        packed[i] = load_relaxed(word(slot, offset + i * sizeof packed[0]));
    std::array<char, name_bytes> bytes{};
    std::memcpy(bytes.data(), packed.data(), bytes.size());
    std::string text(bytes.begin(), std::find(bytes.begin(), bytes.end(), '\0'));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

void Mailbox::show(const MailParty& self) {
    withdraw(id_);
    store_relaxed(word(id_, words().last_responder), std::uint64_t{0});
    show_ids(self.cid, self.sid);
    if (dialect_ == MailDialect::with_class) {
        write_text(id_, offsetof(layout::MailSlot, cclass), self.component_class);
    }
    control_fence();
    // The name last: whoever sees it takes the slot for inhabited.
    write_text(id_, 0, self.node_name);
    control_fence();
}

void Mailbox::show_ids(std::uint64_t cid, std::uint64_t sid) {
    store_relaxed(word(id_, words().cid), cid);
    store_relaxed(word(id_, words().sid), sid);
}

void Mailbox::clear(std::uint32_t slot) {
    write_text(slot, 0, "");
    if (dialect_ == MailDialect::with_class) {
        write_text(slot, offsetof(layout::MailSlot, cclass), "");
    }
    for (const std::size_t offset :
         {words().buflen, words().last_responder, words().sid, words().cid})
        store_relaxed(word(slot, offset), std::uint64_t{0});
    control_fence();
}

MailParty Mailbox::look(std::uint32_t slot) const {
    MailParty party;
    party.node_name = read_text(slot, 0);
    if (dialect_ == MailDialect::with_class) {
        party.component_class = read_text(slot, offsetof(layout::MailSlot, cclass));
    }
    party.cid = load_relaxed(word(slot, words().cid));
    party.sid = load_relaxed(word(slot, words().sid));
    return party;
}

bool Mailbox::inhabited(std::uint32_t slot) const {
    return (load_relaxed(word(slot, 0)) & 0xff) != 0;
}

void Mailbox::post(std::uint32_t slot, std::uint32_t to, std::string_view message) {
    std::array<std::uint64_t, buf_words> packed{};
    const std::size_t bytes = std::min(message.size(), message_max);
    std::memcpy(packed.data(), message.data(), bytes);
    // With the NUL behind it: old readers print the buffer as a string.
    for (std::size_t i = 0; i <= bytes / sizeof packed[0]; ++i)
        store_relaxed(word(slot, layout::mail_buf_offset + i * sizeof packed[0]), packed[i]);
    // Old senders leave this word alone; where it stands nobody else takes the message for his.
    store_relaxed(word(slot, words().last_responder), std::uint64_t{to});
    control_fence();
    store_release(word(slot, words().buflen), std::uint64_t{bytes});
    control_fence();
}

bool Mailbox::free(std::uint32_t slot) const {
    return load_acquire(word(slot, words().buflen)) == 0;
}

void Mailbox::withdraw(std::uint32_t slot) {
    store_release(word(slot, words().buflen), std::uint64_t{0});
    control_fence();
}

bool Mailbox::addressed_to_me(std::uint32_t from) const {
    return !free(from) && load_relaxed(word(from, words().last_responder)) == id_;
}

// 0: nothing there, or for somebody else.
std::uint64_t Mailbox::bytes_for_me(std::uint32_t from) const {
    const std::uint64_t bytes = load_acquire(word(from, words().buflen));
    full_fence();  // on uncached memory acquire is not enough
    if (bytes == 0) return 0;
    const std::uint64_t to = load_relaxed(word(from, words().last_responder));
    return to == 0 || to == id_ ? bytes : 0;
}

std::string Mailbox::read_message(std::uint32_t from, std::uint64_t bytes) const {
    std::array<std::uint64_t, buf_words> packed{};
    for (std::size_t i = 0; i * sizeof packed[0] < bytes; ++i)
        packed[i] = load_relaxed(word(from, layout::mail_buf_offset + i * sizeof packed[0]));
    return {reinterpret_cast<const char*>(packed.data()), bytes};
}

std::optional<std::string> Mailbox::peek(std::uint32_t from) {
    const std::uint64_t bytes = bytes_for_me(from);
    if (bytes > message_max) withdraw(from);
    if (bytes == 0 || bytes > message_max) return std::nullopt;
    return read_message(from, bytes);
}

std::optional<std::string> Mailbox::take(std::uint32_t from) {
    auto message = peek(from);
    if (message) withdraw(from);
    return message;
}

}  // namespace famez
