// SPDX-License-Identifier: BSD-3-Clause
//
// Buffers in the arena, at hand for the frames that a sender copies there.
#pragma once

#include <rte_mempool.h>

#include <famez/loans.h>

namespace famez::pmd {

// Some more, if the pool has any. Not for each packet: they come back to `spares` by themselves.
void get_spares(rte_mempool* pool, OwnersBack& spares);

}  // namespace famez::pmd
