// SPDX-License-Identifier: BSD-3-Clause
#include <famez/instances.h>

namespace famez {

template class Consumer<WriteBack>;
template class Consumer<Weak>;
template class Producer<WriteBack>;
template class Producer<Weak>;
template class Receiver<WriteBack>;
template class Receiver<Weak>;
template class ReceiverSet<WriteBack>;
template class ReceiverSet<Weak>;
template class Sender<WriteBack>;
template class Sender<Weak>;

}  // namespace famez
