// SPDX-License-Identifier: BSD-3-Clause
// Frames of either API: frame_of(), size_of(), first_piece_of(), is_type(), parse_control(),
// collect_payload() and verify_frame(), for templates that are given one or the other.
#pragma once

#include "ethdev_frames.h"
#include "fabric_frame.h"
