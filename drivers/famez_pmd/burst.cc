// SPDX-License-Identifier: BSD-3-Clause
//
// The hot path. FAMEZ_ISA names the instance: see meson.build. Everything that is not inlined here
// is instantiated elsewhere (fabric/instances.cc), so that no code of one level serves another.
#include "burst.h"

#include "burst_rx.h"
#include "burst_tx.h"

namespace famez::pmd::FAMEZ_ISA {
namespace {

template <class Memory>
constexpr BurstPath path{
    rx<Receiver<Memory>>,
    rx<ReceiverSet<Memory>>,
    {tx_link<Memory, Tx::plain>, tx_link<Memory, Tx::lending>, tx_link<Memory, Tx::unsummed>},
    {tx_fabric<Memory, Tx::plain>, tx_fabric<Memory, Tx::lending>, tx_fabric<Memory, Tx::unsummed>},
};

}  // namespace

const BurstFunctions functions{
#define FAMEZ_STRING(x) #x
#define FAMEZ_NAME(x) FAMEZ_STRING(x)
    FAMEZ_NAME(FAMEZ_ISA), path<WriteBack>, path<Weak>};

}  // namespace famez::pmd::FAMEZ_ISA
