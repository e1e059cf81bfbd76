// SPDX-License-Identifier: BSD-3-Clause
#include <famez/instances.h>

namespace famez {

template class Consumer<WriteBack>;
template class Producer<WriteBack>;
template class Receiver<WriteBack>;
template class Sender<WriteBack>;

}  // namespace famez
