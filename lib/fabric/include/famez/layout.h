// SPDX-License-Identifier: BSD-3-Clause
//
// The shared region, byte for byte. doc/region-layout.md says the same in words; the two change
// together. Everything is little-endian and an offset from the region's start, never a pointer.
//
// Each line (64 bytes) has exactly one writer, named beside it. "The server" writes a port's own
// lines only while no one holds the port's id.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace famez::layout {

static_assert(std::endian::native == std::endian::little, "the region is little-endian");

inline constexpr std::uint64_t line_bytes = 64;

inline constexpr std::uint64_t magic = 0x4241465a'454d4146;  // "FAMEZFAB" read as bytes
// Readers insist on the same major version. A higher minor version only gives meaning to bytes that
// were reserved (and zero), so either side may be the older one.
inline constexpr std::uint32_t version_major = 1;
inline constexpr std::uint32_t version_minor = 0;

inline constexpr std::uint32_t ports_max = 4094;
inline constexpr std::uint32_t lanes_max = 64;
inline constexpr std::uint32_t fabric_number_max = 255;  // an octet of addresses
inline constexpr std::uint64_t region_bytes_max = std::uint64_t{64} << 30;
inline constexpr std::uint64_t region_bytes_min = std::uint64_t{1} << 20;
inline constexpr std::uint64_t ring_bytes_min = 4096;
inline constexpr std::uint64_t ring_bytes_max = std::uint64_t{16} << 20;  // lengths have 24 bits
inline constexpr std::uint64_t ring_guard_bytes =
    64;  // behind each ring: fixed-size copies overrun
// Rings lie this far apart beyond their own size: the guard, and one line more, so that the first
// lines of the rings that one port polls fall into different cache sets.
inline constexpr std::uint64_t ring_spacing_bytes = ring_guard_bytes + line_bytes;
inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t arena_align_bytes = std::uint64_t{2} << 20;

// ---- FAME-Z mailbox, at offset 0: the original's layout, for its unchanged clients ----

inline constexpr std::uint64_t mail_slot_bytes = 512;
inline constexpr std::uint64_t mail_buf_offset = 128;

// Slot 0. Written by the server.
struct MailGlobals {
    std::uint64_t slot_bytes;
    std::uint64_t buf_offset;
    std::uint64_t clients;    // the number of ports
    std::uint64_t events;     // clients + 2
    std::uint64_t server_id;  // clients + 1
};
static_assert(sizeof(MailGlobals) == 40);

// Slot of id i, at i * 512. peer_id is the server's; buflen is set by the owner and zeroed by
// whoever took the message.
struct MailSlot {
    char nodename[32];  // NUL-terminated; empty: nobody
    char cclass[32];
    std::uint64_t buflen;
    std::uint64_t peer_id;
    std::uint64_t last_responder;
    std::uint64_t peer_sid;
    std::uint64_t peer_cid;
    std::uint64_t pad[3];
    char buf[384];
};
static_assert(sizeof(MailSlot) == mail_slot_bytes);
static_assert(offsetof(MailSlot, buflen) == 64);
static_assert(offsetof(MailSlot, peer_id) == 72);
static_assert(offsetof(MailSlot, last_responder) == 80);
static_assert(offsetof(MailSlot, peer_sid) == 88);
static_assert(offsetof(MailSlot, peer_cid) == 96);
static_assert(offsetof(MailSlot, buf) == mail_buf_offset);

// The fabric header begins on the first page boundary behind the last slot.
constexpr std::uint64_t header_offset(std::uint64_t ports) {
    const std::uint64_t end = (ports + 2) * mail_slot_bytes;
    return (end + page_bytes - 1) / page_bytes * page_bytes;
}

// ---- Fabric header: one page, written by the server (the generation excepted) ----

struct FabricHeader {
    // line 0 and 1: the geometry, constant for the life of the region
    std::uint64_t magic;
    std::uint32_t version_major;
    std::uint32_t version_minor;
    std::uint64_t header_bytes;  // sizeof(FabricHeader)
    std::uint64_t region_bytes;
    std::uint32_t ports;
    std::uint32_t lanes;  // lanes from each port to each other port
    std::uint64_t ring_bytes;
    std::uint64_t slab_bytes;
    std::uint64_t arena_bytes;

    std::uint64_t table_offset;
    std::uint64_t table_stride;
    std::uint64_t lanes_offset;
    std::uint64_t lane_stride;
    std::uint64_t slabs_offset;
    std::uint64_t slab_stride;
    std::uint64_t arenas_offset;
    std::uint64_t arena_stride;

    // line 2: the server
    std::uint64_t server_epoch;      // counts the servers that have run this region
    std::uint64_t server_heartbeat;  // moves while a server runs
    std::uint64_t vectors;           // eventfds of each port
    std::uint64_t number;            // the fabric's, 0 to 255: constant, as the geometry is; 0 in
                                     // regions older than it
    std::uint64_t server_reserved[4];

    // line 3: the table's generation. Written by whoever changes an entry's state, by plain
    // store of (own id << 48 | a count, higher than what was there and than the writer's own last
    // one): no value ever comes twice, so a reader that sees another than its last looks again.
    std::uint64_t table_generation;
    std::uint64_t generation_reserved[7];

    std::uint64_t reserved[480];
};
static_assert(sizeof(FabricHeader) == page_bytes);
static_assert(offsetof(FabricHeader, region_bytes) == 24);
static_assert(offsetof(FabricHeader, ports) == 32);
static_assert(offsetof(FabricHeader, lanes) == 36);
static_assert(offsetof(FabricHeader, ring_bytes) == 40);
static_assert(offsetof(FabricHeader, slab_bytes) == 48);
static_assert(offsetof(FabricHeader, arena_bytes) == 56);
static_assert(offsetof(FabricHeader, table_offset) == 64);
static_assert(offsetof(FabricHeader, arena_stride) == 120);
static_assert(offsetof(FabricHeader, server_epoch) == 128);
static_assert(offsetof(FabricHeader, server_heartbeat) == 136);
static_assert(offsetof(FabricHeader, vectors) == 144);
static_assert(offsetof(FabricHeader, number) == 152);
static_assert(offsetof(FabricHeader, table_generation) == 192);

// ---- Port table: an entry an id, 1..ports ----

enum class PortState : std::uint32_t {
    absent = 0,   // nobody, or a device whose driver has not started
    stopped = 1,  // attached; not polling
    up = 2,       // polling
};

// Line 0 of an entry. Written by the server.
struct PortAssignment {
    std::uint32_t generation;  // holder generation: bumped when the id is assigned and when its
                               // holder ends; never 0 once assigned, never set back
    std::uint32_t assigned;    // 1 while somebody holds the id
    std::uint64_t reserved[7];
};
static_assert(sizeof(PortAssignment) == line_bytes);

inline constexpr std::uint32_t cap_may_sleep = 1U << 0;     // senders must look at `sleeping`
inline constexpr std::uint32_t cap_accepts_refs = 1U << 1;  // takes REF records
inline constexpr std::uint32_t cap_keeps_refs = 1U << 2;  // leaves some ports' bytes where they are
inline constexpr std::uint32_t cap_unsummed = 1U << 3;    // takes frames without their checksums

// Line 1. Written by the port.
struct PortStatus {
    std::uint32_t state;         // PortState
    std::uint32_t start_count;   // bumped at each attach, from what stands here; the server sets it
                                 // back, under a new generation, when the holder ends
    std::uint32_t lanes;         // RX lanes that the port polls: senders use lanes below this
    std::uint32_t capabilities;  // cap_*
    std::uint64_t heartbeat;     // moves while the port lives; its pace is the port's own
    std::uint64_t reserved[5];
};
static_assert(sizeof(PortStatus) == line_bytes);
static_assert(offsetof(PortStatus, start_count) == 4);
static_assert(offsetof(PortStatus, lanes) == 8);
static_assert(offsetof(PortStatus, capabilities) == 12);
static_assert(offsetof(PortStatus, heartbeat) == 16);

// Line 2. Written by the port.
struct PortIdentity {
    char node_name[32];  // NUL-terminated
    char node_class[32];
};
static_assert(sizeof(PortIdentity) == line_bytes);

inline constexpr std::uint32_t addresses_max = 64;
inline constexpr std::uint32_t filter_promiscuous = 1U << 0;
inline constexpr std::uint32_t filter_all_multicast = 1U << 1;

// Lines 3 to 11. Written by the port.
struct PortAddresses {
    std::uint32_t count;  // valid words in address[]
    std::uint32_t filter;
    std::uint64_t reserved[7];
    std::uint64_t address[addresses_max];  // a MAC address each: first octet in bits 0..7
};
static_assert(sizeof(PortAddresses) == 9 * line_bytes);
static_assert(offsetof(PortAddresses, address) == 64);

// Lines 12 to 19. Written by the port, mirrored a few times a second from its private counters, so
// that any tool can watch the fabric without asking anyone. Counts since the port attached.
struct PortCounters {
    std::uint64_t tx_messages;
    std::uint64_t tx_bytes;
    std::uint64_t tx_lost_in_flight;   // sent, and the receiver ended or reset before taking them
    std::uint64_t tx_no_port_dropped;  // nobody is up at the destination
    std::uint64_t tx_stalled_dropped;  // the destination made no progress for too long
    std::uint64_t tx_flood_dropped;    // copies of broadcast frames that found a full lane
    std::uint64_t tx_invalid_dropped;  // too long, or a chain that does not add up
    std::uint64_t tx_full;             // bursts cut short by a full lane (back-pressure)
    std::uint64_t tx_lanes_requested;  // requests, first ones and repeated ones
    std::uint64_t tx_lanes_opened;
    std::uint64_t tx_lanes_lost;  // sessions that ended under the producer
    std::uint64_t tx_doorbells;
    std::uint64_t tx_references;  // messages that went as references, their bytes not copied
    std::uint64_t tx_reference_bytes;
    std::uint64_t tx_credits_ignored;  // credits for what is not out (any more)
    std::uint64_t tx_unsummed;         // frames that went without their checksums
    std::uint64_t tx_reserved[8];

    std::uint64_t rx_messages;
    std::uint64_t rx_bytes;
    std::uint64_t rx_no_buffer;      // polls that found the buffer pool empty (nothing is lost)
    std::uint64_t rx_too_long;       // frames dropped: longer than the application's limit
    std::uint64_t rx_lane_poisoned;  // lanes stopped because of an impossible record
    std::uint64_t rx_lanes_granted;  // requests answered with a ring
    std::uint64_t rx_lanes_refused;  // requests refused: the slab is full
    std::uint64_t rx_rings_held;     // rings of the slab in use now (a gauge)
    std::uint64_t rx_doorbells;
    std::uint64_t rx_sleeps;
    std::uint64_t rx_references;  // messages whose bytes stayed in the sender's arena
    std::uint64_t rx_reference_bytes;
    std::uint64_t rx_unsummed;  // frames that came without their checksums
    std::uint64_t rx_reserved[11];

    std::uint64_t reserved[16];
};
static_assert(sizeof(PortCounters) == 8 * line_bytes);
static_assert(offsetof(PortCounters, tx_doorbells) == 88);
static_assert(offsetof(PortCounters, rx_messages) == 192);
static_assert(offsetof(PortCounters, rx_sleeps) == 264);

struct PortEntry {
    PortAssignment assignment;
    PortStatus status;
    PortIdentity identity;
    PortAddresses addresses;
    PortCounters counters;
    // then a line a lane: SleepLine[lanes]
};
static_assert(offsetof(PortEntry, status) == 64);
static_assert(offsetof(PortEntry, identity) == 128);
static_assert(offsetof(PortEntry, addresses) == 192);
static_assert(offsetof(PortEntry, counters) == 768);
static_assert(sizeof(PortEntry) == 1280);

// Written by the port when it goes to sleep, cleared by the sender that woke it (design section 5).
struct SleepLine {
    std::uint64_t sleeping;  // 0: awake; else the generation of this sleep
    std::uint64_t vector;    // the doorbell to ring; 0 in older ports, which all have that one
    std::uint64_t reserved[6];
};
static_assert(sizeof(SleepLine) == line_bytes);
static_assert(offsetof(SleepLine, vector) == 8);

// ---- Lane blocks: two lines for each (destination, source, lane) ----

inline constexpr std::uint64_t request_nak = std::uint64_t{1} << 63;  // in `ack` only

// Written by the producer.
struct LaneRequest {
    std::uint64_t request;         // nonce, bits 0..62, never repeated on this lane; 0: closed
    std::uint64_t consumer_epoch;  // the receiver's epoch that it is meant for; stored first
    std::uint64_t producer_epoch;  // who asks, for tools
    std::uint64_t last_nonce;  // the last nonce used; outlives the producer, so none comes twice
    std::uint64_t reserved[4];
};
static_assert(sizeof(LaneRequest) == line_bytes);

// Written by the consumer.
struct LaneGrant {
    std::uint64_t ack;             // the request answered, or that | request_nak; 0: none yet
    std::uint64_t ring_offset;     // of the ring granted; kept until its producer is known to have
                                   // let go of it, over restarts of the consumer too
    std::uint64_t position;        // bytes taken, published lazily
    std::uint64_t taken;           // messages taken, published with position
    std::uint64_t final_position;  // where the session before this answer, or the NAK, ended
    std::uint64_t final_taken;
    std::uint64_t reserved;
    std::uint64_t final_request;  // the request of the session that final_* speak of
};
static_assert(sizeof(LaneGrant) == line_bytes);

struct LaneBlock {
    LaneRequest request;
    LaneGrant grant;
};
static_assert(sizeof(LaneBlock) == 128);

// ---- Arenas: one a port, laid out by arena.h ----

// One for each (destination, lane), at the arena's start. Written by the destination: the credits
// that it gives back to the arena's owner. References held = taken - returned.
struct CreditHeader {
    std::uint64_t returned;  // credits written, ever; the next one's place in the credit ring
    std::uint64_t taken;     // references moved past, ever; stored before the lane's position
    std::uint64_t reserved[6];
};
static_assert(sizeof(CreditHeader) == line_bytes);

// The slot table: an entry a unit of the arena. Written by the arena's owner before it commits the
// reference, and its epoch set to 0 when the unit is home: a successor finds here what may still be
// read (Z4).
struct SlotEntry {
    std::uint64_t epoch;  // the destination's
    std::uint64_t loan;   // use count << 32 | lane << 16 | destination
};
static_assert(sizeof(SlotEntry) == 16);

// What a REF record carries.
struct ReferenceBody {
    std::uint64_t cookie;  // comes back as a credit: arena.h
    std::uint32_t offset;  // of the bytes, in the sender's arena
    std::uint32_t length;
};
static_assert(sizeof(ReferenceBody) == 16);

}  // namespace famez::layout
