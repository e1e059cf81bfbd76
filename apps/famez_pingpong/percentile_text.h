// SPDX-License-Identifier: BSD-3-Clause
// HdrHistogram's percentile distribution as text (--hist). Nothing of DPDK in here.
#pragma once

#include <string>

#include "histogram.h"
#include "options.h"

namespace famez::pingpong {

// `unit`: what a recorded value of 1 is shown as. A value stands for its whole bucket and is the
// largest in it, as there.
std::string percentile_text(const Histogram& histogram, double unit);

// --hist's file for these sizes: itself, or in a sweep with the size in its name.
std::string histogram_path(const Options& options, SizeRange size);

// What forbids writing them, in one line; empty if nothing. Leaves no file behind.
std::string histogram_obstacle(const Options& options);

}  // namespace famez::pingpong
