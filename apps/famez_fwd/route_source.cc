// SPDX-License-Identifier: BSD-3-Clause
#include "route_source.h"

#include <algorithm>
#include <utility>

namespace famez::fwd {

RouteSource::RouteSource(std::string path, std::vector<std::string> ports, std::uint32_t workers)
    : path_(std::move(path)),
      ports_(std::move(ports)),
      owner_(std::make_shared<const RouteTable>(RouteTable::load(path_, ports_))),
      current_(owner_.load().get()),
      adopted_(workers) {}

void RouteSource::reload() {
    auto fresh = std::make_shared<const RouteTable>(RouteTable::load(path_, ports_));
    retired_.push_back(owner_.load());
    owner_.store(fresh);
    current_.store(fresh.get(), std::memory_order_release);
}

bool RouteSource::retire() {
    if (retired_.empty()) return false;
    const RouteTable* const now = current_.load(std::memory_order_relaxed);
    const bool all = std::all_of(adopted_.begin(), adopted_.end(), [now](const auto& table) {
        return table.load(std::memory_order_acquire) == now;
    });
    if (all) retired_.clear();
    return all;
}

}  // namespace famez::fwd
