// SPDX-License-Identifier: BSD-3-Clause
#include "link_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include <famez/mail_text.h>

#include "printable.h"

namespace famez {
namespace {

// "27us". Nobody but a server in the same rack can promise less than a millisecond.
bool is_microseconds(std::string_view text) {
    if (text.size() < 3) return false;
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    const std::string_view number = text.substr(0, text.size() - 2);
    return lower(text[text.size() - 2]) == 'u' && lower(text.back()) == 's' &&
           number.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

LinkManager::Outcome LinkManager::answer(std::uint32_t from, std::string_view text) {
    using Handler = Reply (LinkManager::*)(std::uint32_t, std::string_view);
    static constexpr std::pair<std::string_view, Handler> handlers[] = {
        {"Link RFC", &LinkManager::request_for_configuration},
        {"Standalone Acknowledgment", &LinkManager::acknowledged},
        {"Link CTL ACK", &LinkManager::attributes_told},
        {"Link CTL NAK", &LinkManager::refused},
        {"CTL-Write", &LinkManager::not_for_a_switch},
    };
    for (const auto& [words, handler] : handlers) {
        if (!text.starts_with(words)) continue;
        std::string_view arguments = text.substr(words.size());
        if (!arguments.empty() && arguments.front() != ' ') continue;
        return {true, (this->*handler)(from, arguments)};
    }
    return {};
}

LinkManager::Reply LinkManager::request_for_configuration(std::uint32_t from,
                                                          std::string_view arguments) {
    if (!manages_) {
        log_.event("port {} asks to be configured, and this server manages nothing", from);
        return std::nullopt;
    }
    const auto pairs = parse_pairs(arguments);
    const auto delay = pairs.find("TTC");
    if (delay == pairs.end() || !is_microseconds(delay->second)) {
        log_.event("port {} asks to be configured, without a TTC in microseconds: ignored", from);
        return std::nullopt;
    }
    auto& tags = ports_[from].tags;
    if (tags.size() == tags_max) tags.pop_front();
    tags.push_back(next_tag_++);
    return fmt::format("CTL-Write Space=0,PFMCID={},PFMSID={},CID={},SID={},Tag={}", self_.cid,
                       self_.sid, cid_of(from), sid, tags.back());
}

LinkManager::Reply LinkManager::acknowledged(std::uint32_t from, std::string_view arguments) {
    const auto pairs = parse_pairs(arguments);
    const auto found = pairs.find("Tag");
    const auto tag = found == pairs.end() ? std::nullopt : parse_number(found->second);
    const auto port = ports_.find(from);
    if (!tag || port == ports_.end() || std::erase(port->second.tags, *tag) == 0) {
        log_.event("port {} acknowledges what it was not asked: {}", from, printable(arguments));
        return std::nullopt;
    }
    return "Link CTL Peer-Attribute";
}

LinkManager::Reply LinkManager::attributes_told(std::uint32_t from, std::string_view arguments) {
    ports_[from].attributes = parse_pairs(printable(arguments));
    return std::nullopt;
}

LinkManager::Reply LinkManager::refused(std::uint32_t from, std::string_view arguments) {
    log_.event("port {} refuses:{}", from, printable(arguments));
    return std::nullopt;
}

LinkManager::Reply LinkManager::not_for_a_switch(std::uint32_t from, std::string_view) {
    log_.event("port {} would configure the switch: ignored", from);
    return std::nullopt;
}

const LinkManager::Attributes* LinkManager::attributes(std::uint32_t id) const {
    const auto found = ports_.find(id);
    return found == ports_.end() ? nullptr : &found->second.attributes;
}

std::size_t LinkManager::open_tags() const {
    std::size_t count = 0;
    for (const auto& [id, port] : ports_)
        count += port.tags.size();
    return count;
}

}  // namespace famez
