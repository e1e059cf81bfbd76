// SPDX-License-Identifier: BSD-3-Clause
//
// What differs between DPDK's releases in struct rte_mbuf: builds without IO addresses have no
// field for one, and the word that says so has another name since 23.03.
#pragma once

#include <rte_mbuf.h>

namespace famez::pmd {

// No device may reach the bytes by itself.
inline void set_no_io_address([[maybe_unused]] rte_mbuf* packet) {
#if (defined(RTE_IOVA_IN_MBUF) && RTE_IOVA_IN_MBUF) || \
    (!defined(RTE_IOVA_IN_MBUF) && defined(RTE_IOVA_AS_PA) && RTE_IOVA_AS_PA)
    packet->buf_iova = RTE_BAD_IOVA;
#endif
}

}  // namespace famez::pmd
