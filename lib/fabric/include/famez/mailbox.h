// SPDX-License-Identifier: BSD-3-Clause
//
// The FAME-Z mailbox at the start of the region (doc/region-layout.md): a slot an id. Its owner
// posts there what it sends, and whoever the message is for takes it out of there; the doorbell's
// vector says whose slot to look into. This is the one place that touches slots; what others wrote
// is read once and bounded here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <famez/layout.h>

namespace famez {

// The original had two slot layouts; slot 0 is the same in both.
enum class MailDialect : std::uint8_t {
    with_class,     // node name, component class, words from byte 64 on: layout::MailSlot
    without_class,  // the older one: node name, words from byte 32 on
};

// How someone shows itself in its slot.
struct MailParty {
    std::string node_name;        // up to 31 bytes; empty: nobody
    std::string component_class;  // up to 31 bytes; always empty in the older dialect
    std::uint64_t cid = 0;
    std::uint64_t sid = 0;
};

// Writes what the server keeps of the mailbox: the globals and each slot's peer_id. Nothing else is
// touched, so it also repairs what others scribbled over. `region` holds at least
// layout::header_offset(ports) bytes.
void write_mail_words(std::span<std::byte> region, std::uint32_t ports, MailDialect dialect);

class Mailbox {
  public:
    // The longest message, in bytes: a slot's buffer holds less than its 384.
    static constexpr std::size_t message_max = sizeof layout::MailSlot::buf - 1;

    // As the globals and the slots' peer_id describe it. Throws FabricError: no mailbox there, not
    // this layout, one that does not fit the region, or `id` is none of its slots.
    static Mailbox open(std::span<std::byte> region, std::uint32_t id);
    // For who knows the geometry already. `region` outlives this.
    Mailbox(std::span<std::byte> region, std::uint32_t ports, MailDialect dialect,
            std::uint32_t id);

    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] std::uint32_t ports() const { return ports_; }
    [[nodiscard]] std::uint32_t server_id() const { return ports_ + 1; }
    [[nodiscard]] MailDialect dialect() const { return dialect_; }
    // 1..ports, or the server.
    [[nodiscard]] bool has_slot(std::uint32_t id) const { return id >= 1 && id <= server_id(); }

    // The own slot: who we are, nothing posted. Names are cut to 31 bytes.
    void show(const MailParty& self);
    // Gen-Z ids of the own slot alone.
    void show_ids(std::uint64_t cid, std::uint64_t sid);
    // Nobody is here any more. Also for the server, which empties the slot of one that has died.
    void clear(std::uint32_t slot);
    void clear() { clear(id_); }

    // Who is at `slot`, which is 1..server_id(). The text is as its owner wrote it: unprintable
    // bytes come as '?'.
    [[nodiscard]] MailParty look(std::uint32_t slot) const;

    // Somebody shows himself at `slot`. One load, for who asks often.
    [[nodiscard]] bool inhabited(std::uint32_t slot) const;

    // Puts a message of 1..message_max bytes for `to` into `slot`; the doorbell is the caller's.
    // The slot must be free(). `slot` is the own one, except where somebody plays another's part.
    void post(std::uint32_t slot, std::uint32_t to, std::string_view message);
    // Has what was posted in `slot` been taken?
    [[nodiscard]] bool free(std::uint32_t slot) const;
    // Takes back what nobody has taken.
    void withdraw(std::uint32_t slot);

    // The message in the slot of `from`, which is then free again. Nothing when there is none, when
    // it is said to be for somebody else, or when its length is impossible (it is thrown away
    // then: its sender could never send again).
    std::optional<std::string> take(std::uint32_t from);
    // The same message, left in its place: for who may not want it yet. withdraw() takes it then.
    std::optional<std::string> peek(std::uint32_t from);
    // Does a message wait there that says that it is for us?
    [[nodiscard]] bool addressed_to_me(std::uint32_t from) const;

  private:
    struct Words;
    [[nodiscard]] std::uint64_t& word(std::uint32_t slot, std::size_t offset) const;
    void write_text(std::uint32_t slot, std::size_t offset, std::string_view text);
    [[nodiscard]] std::string read_text(std::uint32_t slot, std::size_t offset) const;
    [[nodiscard]] std::uint64_t bytes_for_me(std::uint32_t from) const;
    [[nodiscard]] std::string read_message(std::uint32_t from, std::uint64_t bytes) const;
    [[nodiscard]] const Words& words() const;

    std::span<std::byte> region_;
    std::uint32_t ports_;
    MailDialect dialect_;
    std::uint32_t id_;
};

}  // namespace famez
