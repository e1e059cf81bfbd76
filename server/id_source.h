// SPDX-License-Identifier: BSD-3-Clause
//
// Where ids and their eventfds come from, and what becomes of them at their holders' end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "client.h"

namespace famez {

class IdSource {
  public:
    IdSource() = default;
    IdSource(const IdSource&) = delete;
    IdSource& operator=(const IdSource&) = delete;
    virtual ~IdSource() = default;

    // An id for a newcomer, who now holds it; none when there is none: shortage() says why.
    virtual std::optional<std::uint32_t> acquire() = 0;
    [[nodiscard]] virtual std::string shortage() const = 0;
    // Its holder has ended: the eventfds are parked for the next holder. See Server::detach().
    virtual void release(std::uint32_t id) = 0;
    // Never again (its holder has ended, or it has never had one): closes the eventfds too, as soon
    // as no message needs them.
    virtual void retire(std::uint32_t id) = 0;

    // Of an id that is held.
    [[nodiscard]] virtual const SharedFds& eventfds(std::uint32_t id) const = 0;
    [[nodiscard]] virtual std::size_t free() const = 0;
    // All ids, now and later, are below it.
    [[nodiscard]] virtual std::uint32_t limit() const = 0;
};

}  // namespace famez
