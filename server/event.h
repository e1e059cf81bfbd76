// SPDX-License-Identifier: BSD-3-Clause
//
// Ownership of sd-event's objects.
#pragma once

#include <fmt/format.h>
#include <systemd/sd-event.h>

#include <cstring>
#include <memory>

#include <famez/error.h>

namespace famez {

struct EventUnref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
};
using Event = std::unique_ptr<sd_event, EventUnref>;

struct EventSourceUnref {
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using EventSource = std::unique_ptr<sd_event_source, EventSourceUnref>;

// For sd-event's results: a negative errno.
inline void check_event(int result, const char* what) {
    if (result < 0) throw FabricError(fmt::format("{}: {}", what, std::strerror(-result)));
}

}  // namespace famez
