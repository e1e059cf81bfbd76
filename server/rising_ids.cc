// SPDX-License-Identifier: BSD-3-Clause
#include "rising_ids.h"

#include <fmt/format.h>

#include <famez/error.h>

#include "id_pool.h"

namespace famez {

std::optional<std::uint32_t> RisingIds::acquire() {
    if (next_ == ids) return std::nullopt;
    try {
        eventfds_[next_] = make_eventfds(vectors_);
    } catch (const FabricError& error) {
        eventfds_.erase(next_);
        failure_ = error.what();
        return std::nullopt;
    }
    return next_++;
}

std::string RisingIds::shortage() const {
    if (next_ < ids) return failure_;
    return fmt::format("all {} ids have been used; restart the server", ids);
}

}  // namespace famez
