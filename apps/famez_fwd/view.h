// SPDX-License-Identifier: BSD-3-Clause
// What the switch shows on stdout while it runs and at its end.
#pragma once

#include <memory>

#include "config.h"
#include "snapshot.h"

namespace famez::fwd {

class View {
  public:
    View() = default;
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    virtual ~View() = default;

    // Every interval: `before` is the snapshot shown last.
    virtual void show(const Snapshot& before, const Snapshot& now) = 0;
    // Once, when everything has ended.
    virtual void sum_up(const Snapshot& end) = 0;
};

// JSON if asked for; a table that renews itself on a terminal; else a line each time.
std::unique_ptr<View> make_view(const Options& options);

}  // namespace famez::fwd
