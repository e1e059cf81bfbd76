// SPDX-License-Identifier: BSD-3-Clause
#include "numbered.h"

#include <fmt/format.h>

#include <famez/mail_text.h>

namespace famez::client {
namespace {

constexpr std::string_view head = "flood ";
constexpr std::string_view middle = " of ";

}  // namespace

std::string numbered_text(Numbered numbered, std::size_t size) {
    std::string text = fmt::format("{}{}{}{}", head, numbered.number, middle, numbered.of);
    if (text.size() < size) text += ' ';
    if (text.size() < size) text.append(size - text.size(), '.');
    return text;
}

std::optional<Numbered> parse_numbered(std::string_view message) {
    if (!message.starts_with(head)) return std::nullopt;
    message.remove_prefix(head.size());
    const auto found = message.find(middle);
    if (found == std::string_view::npos) return std::nullopt;
    std::string_view of = message.substr(found + middle.size());
    of = of.substr(0, of.find(' '));
    const auto number = parse_number(message.substr(0, found));
    const auto total = parse_number(of);
    if (!number || !total || *number == 0 || *number > *total) return std::nullopt;
    return Numbered{*number, *total};
}

void Sequence::count(Numbered numbered, Clock::time_point now) {
    if (received_++ == 0) first_ = now;
    last_ = now;
    if (numbered.number == 1 && next_ > of_) {
        next_ = 1;
        of_ = numbered.of;
    }
    if (numbered.number < next_) {
        ++out_of_order_;
        return;
    }
    lost_ += numbered.number - next_;
    next_ = numbered.number + 1;
}

std::uint64_t Sequence::lost(bool ended) const {
    return lost_ + (ended && of_ >= next_ ? of_ - next_ + 1 : 0);
}

double Sequence::rate() const {
    const double seconds = std::chrono::duration<double>(last_ - first_).count();
    return seconds > 0 ? static_cast<double>(received_ - 1) / seconds : 0;
}

}  // namespace famez::client
