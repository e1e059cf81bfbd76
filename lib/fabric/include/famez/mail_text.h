// SPDX-License-Identifier: BSD-3-Clause
//
// The text in FAME-Z mail: a hop counter behind it, and lists of key=value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <famez/mailbox.h>

namespace famez {

struct MailText {
    std::string_view text;              // without the counter
    std::optional<std::uint32_t> hops;  // 1 at the origin; none: the sender does not count
};

// Takes the counter, "!EZT=n" or "!FZT=n", off a message. The view is into `message`.
MailText split_hops(std::string_view message);

// Puts the counter on, with the word that the dialect's time used.
std::string with_hops(std::string_view text, std::uint32_t hops, MailDialect dialect);

// Without white space around it: what comes from a shell's echo ends with a newline.
std::string_view trim(std::string_view text);

// "Tag=3,Reason=OK" by key; words without = are left out. Blanks around keys and values go.
std::map<std::string, std::string, std::less<>> parse_pairs(std::string_view text);

// A decimal number that is the whole of `text`.
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace famez
