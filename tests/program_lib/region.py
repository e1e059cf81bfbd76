# SPDX-License-Identifier: BSD-3-Clause
"""A look into the shared region from outside: as doc/region-layout.md says, with no code of the
fabric itself, and without taking a port."""

import mmap
import os
import struct

PAGE = 4096
MAIL_SLOT = 512
MAGIC = 0x4241465A454D4146
HEADER = struct.Struct("<QIIQQIIQQQQQQQQQQQ")
ENTRY_STATUS = 64
ENTRY_COUNTERS = 768
STATES = {0: "absent", 1: "stopped", 2: "up"}

TX_COUNTERS = (
    "tx_messages tx_bytes tx_lost_in_flight tx_no_port_dropped tx_stalled_dropped "
    "tx_flood_dropped tx_invalid_dropped tx_full tx_lanes_requested tx_lanes_opened "
    "tx_lanes_lost tx_doorbells tx_references tx_reference_bytes tx_credits_ignored tx_unsummed"
).split()
RX_COUNTERS = (
    "rx_messages rx_bytes rx_no_buffer rx_too_long rx_lane_poisoned rx_lanes_granted "
    "rx_lanes_refused rx_rings_held rx_doorbells rx_sleeps rx_references rx_reference_bytes "
    "rx_unsummed"
).split()
RX_OFFSET = 192


def region_of(pid):
    """The region's file, through the descriptors of the process that made it."""
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        if os.readlink(f"{folder}/{name}").startswith("/memfd:famez"):
            return os.open(f"{folder}/{name}", os.O_RDONLY)
    raise AssertionError(f"process {pid} holds no region")


class Region:
    def __init__(self, pid):
        fd = region_of(pid)
        self.bytes = mmap.mmap(fd, os.fstat(fd).st_size, prot=mmap.PROT_READ)
        os.close(fd)
        (clients,) = struct.unpack_from("<Q", self.bytes, 16)
        header = ((clients + 2) * MAIL_SLOT + PAGE - 1) // PAGE * PAGE
        fields = HEADER.unpack_from(self.bytes, header)
        assert fields[0] == MAGIC, "no fabric header"
        self.ports, self.lanes, self.ring_bytes = fields[5:8]
        self.table, self.entry_bytes = fields[10:12]

    def entry(self, port):
        return self.table + (port - 1) * self.entry_bytes

    def state(self, port):
        """absent, stopped or up; absent too while nobody holds the id."""
        _, assigned = struct.unpack_from("<II", self.bytes, self.entry(port))
        (state,) = struct.unpack_from("<I", self.bytes, self.entry(port) + ENTRY_STATUS)
        return STATES.get(state, "?") if assigned == 1 else "absent"

    def counters(self, port):
        """The port's counters by name, as it last mirrored them: at most 50 ms old or so."""
        at = self.entry(port) + ENTRY_COUNTERS
        tx = struct.unpack_from(f"<{len(TX_COUNTERS)}Q", self.bytes, at)
        rx = struct.unpack_from(f"<{len(RX_COUNTERS)}Q", self.bytes, at + RX_OFFSET)
        return dict(zip(TX_COUNTERS + RX_COUNTERS, tx + rx))

    def close(self):
        self.bytes.close()
