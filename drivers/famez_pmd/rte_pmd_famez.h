/* SPDX-License-Identifier: BSD-3-Clause */
/* What the ethdev API cannot say of a net_famez port. */
#ifndef RTE_PMD_FAMEZ_H
#define RTE_PMD_FAMEZ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The address of a fabric port is 02:fa:3e:NN:HI:LO. HI:LO is its id. The fourth octet is the
 * number of its fabric, 0 unless famez_server --fabric says otherwise: a switch may join fabrics
 * of different numbers.
 */
#define RTE_PMD_FAMEZ_MAC_0 0x02
#define RTE_PMD_FAMEZ_MAC_1 0xfa
#define RTE_PMD_FAMEZ_MAC_2 0x3e

/**
 * The id that the fabric's server gave to an ethdev port.
 *
 * @param port_id  an ethdev port
 * @return 1 to 4094; -ENODEV when port_id is no net_famez port.
 * May be called from any thread of the primary process.
 */
int rte_pmd_famez_id(uint16_t port_id);

struct rte_mempool;

/**
 * A pool of packet buffers whose bytes lie in the port's part of the shared memory. What the port
 * sends out of it is not copied: the receiver reads the bytes where they are, and the buffer comes
 * back to the pool when the receiver is done with it, as from the hardware of a NIC. Its buffers
 * work with any other port as well, but for devices that reach memory by themselves (their IO
 * address is unknown).
 *
 * At most 4096 buffers of 256 bytes or more are on their way to each receiver; shorter packets,
 * chains, and buffers with several references are copied.
 *
 * One pool for a port, before it is started and after it is configured. It ends with the port: once
 * that is closed, only rte_mempool_free() may be called on it. Control thread.
 *
 * @param port_id         an ethdev port, not started
 * @param name            of the pool
 * @param n               buffers
 * @param cache_size      as rte_pktmbuf_pool_create() takes it
 * @param priv_size       private bytes behind each mbuf
 * @param data_room_size  bytes of a buffer, the headroom included; rounded up to full units of 1
 * KiB (more where an arena has more than a million units)
 * @param socket_id       for the mbuf headers, or SOCKET_ID_ANY
 * @return the pool, or NULL with rte_errno
 *   ENODEV  port_id is no net_famez port
 *   EBUSY   the port is started
 *   EEXIST  it has a pool already
 *   ENOMEM  the arena is too small or missing, or other ports still hold buffers that a predecessor
 * of this port lent to them (it waits a second for them); a line in the log says which
 */
struct rte_mempool* rte_pmd_famez_pktmbuf_pool_create(uint16_t port_id, const char* name,
                                                      unsigned n, unsigned cache_size,
                                                      uint16_t priv_size, uint16_t data_room_size,
                                                      int socket_id);

/*
 * FAME-Z mail: short messages between ids, apart from the data path. The port answers "ping", "Link
 * CTL Peer-Attribute" and "CTL-Write" by itself; what else comes is kept for these functions.
 *
 * All of them may be called from any thread of the primary process, from the moment the port
 * exists, started or not; only not while rte_eth_dev_close() of the same port runs. They return
 * -ENODEV when port_id is no net_famez port, -ENOTSUP when it has no mail (devarg mail=0).
 */

/** The longest message, in bytes. */
#define RTE_PMD_FAMEZ_MAIL_MAX 383

/** Who is at an id. Texts end with a zero byte; the node's is empty when nobody is there. */
/* NOLINTNEXTLINE(readability-identifier-naming): DPDK's style, for C. */
struct rte_pmd_famez_mail_party {
    char node[32];
    char node_class[32];
    uint64_t cid; /**< Gen-Z ids; 0, 0 until a managing server has given them */
    uint64_t sid;
};

/**
 * Sends a message: waits until the one before has been taken, posts this one, rings, and returns.
 * It does not wait until this one is taken: that shows at the next call. A message stays for a
 * receiver that comes late; only when another is to be sent, it has 5 seconds since it was posted.
 *
 * @param port_id     an ethdev port
 * @param to          the receiver's id: 1 to what rte_pmd_famez_mail_server() says
 * @param data        any bytes
 * @param length      how many: 1 to RTE_PMD_FAMEZ_MAIL_MAX
 * @param timeout_us  the longest wait, in microseconds; 0 does not wait
 * @return 0 when it is posted, or
 *   -EBADSLT       there is no such id
 *   -ENODATA       length is 0
 *   -E2BIG         length is too large
 *   -EHOSTUNREACH  nobody is at that id
 *   -EAGAIN        the message before still waits for its receiver, and may yet be taken
 *   -ETIMEDOUT     the message before was not taken in its 5 seconds and is lost. This one was not
 *                  sent; the next call can send again
 */
int rte_pmd_famez_mail_send(uint16_t port_id, uint16_t to, const void* data, size_t length,
                            uint32_t timeout_us);

/**
 * Would a call of rte_pmd_famez_mail_send() return without having to wait?
 *
 * @return 1 if so, 0 if not.
 */
int rte_pmd_famez_mail_send_ready(uint16_t port_id);

/**
 * The oldest message that has come. 256 are kept; what comes then stays with its sender, who waits.
 *
 * @param port_id  an ethdev port
 * @param from     is set to the sender's id
 * @param data     where to write the message; no zero byte is put behind it
 * @param size     the room there, in bytes; RTE_PMD_FAMEZ_MAIL_MAX is always enough
 * @return the message's length in bytes, or
 *   -EAGAIN  nothing has come
 *   -E2BIG   it does not fit; it stays where it is
 */
int rte_pmd_famez_mail_receive(uint16_t port_id, uint16_t* from, void* data, size_t size);

/**
 * A descriptor to wait with, by poll() and its like: readable while there is something to receive.
 * It is the port's: not to be read or closed, and gone when the port is closed.
 *
 * @return the descriptor.
 */
int rte_pmd_famez_mail_fd(uint16_t port_id);

/**
 * The id at which the fabric's server itself takes mail, the largest of all.
 *
 * @return the id.
 */
int rte_pmd_famez_mail_server(uint16_t port_id);

/**
 * Who is at an id, oneself included.
 *
 * @param port_id  an ethdev port
 * @param id       1 to what rte_pmd_famez_mail_server() says
 * @param party    is filled in
 * @return 0, or
 *   -EBADSLT       there is no such id
 *   -EHOSTUNREACH  nobody is there
 */
int rte_pmd_famez_mail_peer(uint16_t port_id, uint16_t id, struct rte_pmd_famez_mail_party* party);

#ifdef __cplusplus
}
#endif

#endif
