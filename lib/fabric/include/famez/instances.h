// SPDX-License-Identifier: BSD-3-Clause
//
// The data path is instantiated once for each memory type, in lib/fabric: code that is compiled for
// several CPUs then inlines its fast path and shares what is left, at the level that any CPU has.
#pragma once

#include <famez/consumer.h>
#include <famez/producer.h>
#include <famez/receiver.h>
#include <famez/receiver_set.h>
#include <famez/sender.h>

namespace famez {

extern template class Consumer<WriteBack>;
extern template class Consumer<Weak>;
extern template class Producer<WriteBack>;
extern template class Producer<Weak>;
extern template class Receiver<WriteBack>;
extern template class Receiver<Weak>;
extern template class ReceiverSet<WriteBack>;
extern template class ReceiverSet<Weak>;
extern template class Sender<WriteBack>;
extern template class Sender<Weak>;

}  // namespace famez
