// SPDX-License-Identifier: BSD-3-Clause
//
// The buffers of a port's arena: how many of them a TX queue may have, and their way back to the
// pool. Off the path of packets.
#pragma once

#include <cstdint>

#include "attachment.h"
#include "queue.h"

namespace famez::pmd {

// At a start, one of `queues`.
void connect_lending(TxQueue& queue, const ZeroCopy& zero_copy, std::uint32_t queues);

// The operation of that name: frees the buffers that were lent and have come back. The queue's
// thread.
int tx_done_cleanup(void* queue, std::uint32_t most);

// The same on all lanes, those too that no queue sends on any more; and what waits there to be
// copied into. While nobody sends.
void take_back_all(Attachment& attachment);

}  // namespace famez::pmd
