// SPDX-License-Identifier: BSD-3-Clause
//
// The switch's part of FAME-Z's link protocol (after Gen-Z 1.0: Link RFC 11.6, Link CTL 11.11,
// Standalone Acknowledgment 6.8): a port asks, is given its Gen-Z ids under a tag, acknowledges,
// and is asked for its attributes. All that comes in is text of untrusted ports; what is kept of
// each is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <famez/mailbox.h>

#include "log.h"

namespace famez {

class LinkManager {
  public:
    // Ids of the fabric's ports and of its manager.
    static constexpr std::uint64_t sid = 27;
    static constexpr std::uint64_t cid_of(std::uint32_t id) { return std::uint64_t{id} * 100; }

    // A port that never acknowledges costs this many tags.
    static constexpr std::size_t tags_max = 4;

    using Attributes = std::map<std::string, std::string, std::less<>>;

    struct Outcome {
        bool known = false;                // it was of this protocol
        std::optional<std::string> reply;  // without a hop counter
    };

    // `self`: how the server shows itself. One that `manages` answers Link RFC.
    LinkManager(MailParty self, bool manages, Log& log)
        : self_(std::move(self)), manages_(manages), log_(log) {}

    // A message's text, without its hop counter.
    Outcome answer(std::uint32_t from, std::string_view text);
    // The id has another holder, or none: nothing is known of it.
    void forget(std::uint32_t id) { ports_.erase(id); }

    // What the port said of itself in its last Link CTL ACK.
    [[nodiscard]] const Attributes* attributes(std::uint32_t id) const;
    [[nodiscard]] std::size_t open_tags() const;

  private:
    struct Port {
        std::deque<std::uint64_t> tags;  // of requests not yet acknowledged
        Attributes attributes;
    };
    using Reply = std::optional<std::string>;

    Reply request_for_configuration(std::uint32_t from, std::string_view arguments);
    Reply acknowledged(std::uint32_t from, std::string_view arguments);
    Reply attributes_told(std::uint32_t from, std::string_view arguments);
    Reply refused(std::uint32_t from, std::string_view arguments);
    Reply not_for_a_switch(std::uint32_t from, std::string_view arguments);

    MailParty self_;
    bool manages_;
    Log& log_;
    std::map<std::uint32_t, Port> ports_;
    std::uint64_t next_tag_ = 1;
};

}  // namespace famez
