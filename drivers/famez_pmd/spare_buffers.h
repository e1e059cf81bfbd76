// SPDX-License-Identifier: BSD-3-Clause
//
// Buffers in the arena, at hand for the frames that a sender copies there.
#pragma once

#include "queue.h"

namespace famez::pmd {

// Some more of the queue's part of the pool, if there are any. Not for each packet: they come back
// to `spares` by themselves.
void get_spares(TxQueue& queue, OwnersBack& spares);

}  // namespace famez::pmd
