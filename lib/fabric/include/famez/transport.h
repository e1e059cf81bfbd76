// SPDX-License-Identifier: BSD-3-Clause
//
// One attachment to a fabric, however it was made (design section 2): the mapped region with its
// memory type, the own id, an array of own eventfds, and "ring peer P, vector V". Guest and host
// differ in nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace famez {

enum class MemoryType : std::uint8_t {
    write_back,
    weak,  // write-combining or uncached: fences by hand, no locked operations
};

class Transport {
  public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    [[nodiscard]] virtual std::span<std::byte> region() const = 0;
    [[nodiscard]] virtual MemoryType memory_type() const = 0;
    [[nodiscard]] virtual std::uint16_t id() const = 0;
    // One eventfd a vector, in vector order; owned by the transport.
    [[nodiscard]] virtual std::span<const int> eventfds() const = 0;
    // Rings a peer's doorbell; never blocks. False when there is no such peer or vector. Any
    // thread, at any time.
    virtual bool ring(std::uint16_t peer, std::uint16_t vector) = 0;
    // Takes in news of the attachment without blocking (control thread, a few times a second).
    // False once nobody keeps the fabric any more (the server has gone): traffic goes on.
    virtual bool service() = 0;
};

}  // namespace famez
