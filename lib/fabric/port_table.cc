// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include <famez/port_table.h>

namespace famez {

PortView view_port(layout::PortEntry& entry, std::uint32_t lanes) {
    PortView view;
    const std::uint32_t generation = load_acquire(entry.assignment.generation);
    const std::uint32_t assigned = load_acquire(entry.assignment.assigned);
    const std::uint32_t state = load_acquire(entry.status.state);
    // A generation of before with a start count of after (or the reverse) is an epoch that no
    // request names: harmless, and gone at the next look.
    view.epoch = make_epoch(generation, load_acquire(entry.status.start_count));
    const bool plausible = state <= static_cast<std::uint32_t>(layout::PortState::up);
    if (assigned == 1 && plausible) view.state = static_cast<layout::PortState>(state);
    view.lanes = std::clamp(load_relaxed(entry.status.lanes), 1U, lanes);
    view.capabilities = load_relaxed(entry.status.capabilities);
    view.heartbeat = load_relaxed(entry.status.heartbeat);
    return view;
}

std::string port_node_name(std::span<std::byte> region, const Geometry& geometry,
                           std::uint32_t id) {
    auto& entry = port_entry(region, geometry, id);
    std::string name;
    for (char& shared : entry.identity.node_name) {
        auto& byte = reinterpret_cast<std::uint8_t&>(shared);
        const auto letter = static_cast<char>(load_relaxed(byte));
        if (letter == '\0') break;
        name.push_back(letter >= ' ' && letter <= '~' ? letter : '?');
    }
    return name;
}

void TableBell::ring() {
    constexpr std::uint64_t count_mask = (std::uint64_t{1} << 48) - 1;
    // Above our own last count too: somebody slower may have set the word back meanwhile.
    last_ = (std::max(load_relaxed(word_) & count_mask, last_) + 1) & count_mask;
    control_fence();
    store_release(word_, std::uint64_t{writer_} << 48 | last_);
    control_fence();
}

}  // namespace famez
