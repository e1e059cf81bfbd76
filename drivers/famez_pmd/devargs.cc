// SPDX-License-Identifier: BSD-3-Clause
#include "devargs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include <rte_kvargs.h>

#include <famez/error.h>
#include <famez/layout.h>

namespace famez::pmd {
namespace {

constexpr std::uint32_t stall_ms_max = 3'600'000;
constexpr std::uint32_t lend_max = 1U << 20;

std::uint32_t parse_number(const char* key, const std::string& value, std::uint32_t least,
                           std::uint32_t most) {
    std::uint32_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end || number < least || number > most) {
        throw FabricError(
            fmt::format("devarg {}={}: it can be a number from {} to {}", key, value, least, most));
    }
    return number;
}

std::string parse_name(const char* key, const std::string& value) {
    if (value.empty() || value.size() >= sizeof(layout::PortIdentity::node_name)) {
        throw FabricError(fmt::format("devarg {}={}: a name has 1 to {} characters", key, value,
                                      sizeof(layout::PortIdentity::node_name) - 1));
    }
    return value;
}

// "all", "none", or ids joined by +: a comma ends a devarg.
Trust parse_trust(const std::string& value) {
    Trust trust;
    trust.all = value == "all";
    if (trust.all || value == "none") return trust;
    for (std::size_t begin = 0; begin <= value.size();) {
        const std::size_t end = std::min(value.find('+', begin), value.size());
        std::uint32_t id = 0;
        const auto [stop, error] = std::from_chars(&value[begin], &value[end], id);
        if (error != std::errc() || stop != &value[end] || id < 1 || id > layout::ports_max) {
            throw FabricError(fmt::format(
                "devarg trust={}: it can be all, none, or ids joined by +, as in 2+3", value));
        }
        trust.ids.push_back(id);
        begin = end + 1;
    }
    return trust;
}

// The last one of a key counts, as with other drivers; "" when there is none.
int keep_value(const char*, const char* value, void* to) {
    *static_cast<std::string*>(to) = value != nullptr ? value : "";
    return 0;
}

class Arguments {
  public:
    Arguments(const char* text, Bus bus) : list_(nullptr, rte_kvargs_free) {
        static const char* const vdev_keys[] = {"peer",   "node",     "class", "stall-ms",
                                                "mail",   "trust",    "lend",  "unsummed",
                                                "socket", "unsealed", nullptr};
        static const char* const pci_keys[] = {"peer",  "node", "class",    "stall-ms", "mail",
                                               "trust", "lend", "unsummed", "bar2",     nullptr};
        const bool pci = bus == Bus::pci;
        list_.reset(rte_kvargs_parse(text, pci ? pci_keys : vdev_keys));
        if (!list_) {
            throw FabricError(fmt::format(
                "devargs \"{}\" are not understood: they can be peer=ID, node=NAME, class=NAME, "
                "stall-ms=N, mail=0, trust=WHO, lend=N, unsummed=1{}",
                text, pci ? " and bar2=auto|wb|wc|uc|PATH" : ", socket=PATH and unsealed=1"));
        }
    }
    [[nodiscard]] bool has(const char* key) const {
        return rte_kvargs_count(list_.get(), key) != 0;
    }
    [[nodiscard]] std::string get(const char* key) const {
        std::string value;
        rte_kvargs_process(list_.get(), key, keep_value, &value);
        return value;
    }

  private:
    std::unique_ptr<rte_kvargs, decltype(&rte_kvargs_free)> list_;
};

}  // namespace

Devargs parse_devargs(const char* text, Bus bus) {
    const Arguments given(text != nullptr ? text : "", bus);
    Devargs devargs;
    if (given.has("socket")) devargs.socket = given.get("socket");
    if (given.has("peer")) {
        devargs.peer = parse_number("peer", given.get("peer"), 1, layout::ports_max);
    }
    if (given.has("stall-ms")) {
        devargs.stall_ms = parse_number("stall-ms", given.get("stall-ms"), 0, stall_ms_max);
    }
    if (given.has("node")) devargs.node = parse_name("node", given.get("node"));
    if (given.has("class")) devargs.node_class = parse_name("class", given.get("class"));
    if (given.has("mail")) devargs.mail = parse_number("mail", given.get("mail"), 0, 1) == 1;
    if (given.has("trust")) devargs.trust = parse_trust(given.get("trust"));
    if (given.has("lend")) devargs.lend = parse_number("lend", given.get("lend"), 0, lend_max);
    if (given.has("unsummed")) {
        devargs.unsummed = parse_number("unsummed", given.get("unsummed"), 0, 1) == 1;
    }
    if (given.has("unsealed")) {
        devargs.unsealed = parse_number("unsealed", given.get("unsealed"), 0, 1) == 1;
    }
    if (given.has("bar2")) devargs.bar2 = parse_bar2(given.get("bar2"));
    return devargs;
}

}  // namespace famez::pmd
