/* SPDX-License-Identifier: BSD-3-Clause */
/* What the ethdev API cannot say of a net_famez port. */
#ifndef RTE_PMD_FAMEZ_H
#define RTE_PMD_FAMEZ_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The address of a fabric port is 02:fa:3e:00:HI:LO, HI:LO its id. */
#define RTE_PMD_FAMEZ_MAC_0 0x02
#define RTE_PMD_FAMEZ_MAC_1 0xfa
#define RTE_PMD_FAMEZ_MAC_2 0x3e
#define RTE_PMD_FAMEZ_MAC_3 0x00

/**
 * The id that the fabric's server gave to an ethdev port.
 *
 * @param port_id  an ethdev port
 * @return 1 to 4094; -ENODEV when port_id is no net_famez port.
 * May be called from any thread of the primary process.
 */
int rte_pmd_famez_id(uint16_t port_id);

#ifdef __cplusplus
}
#endif

#endif
