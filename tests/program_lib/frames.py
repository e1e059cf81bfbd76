# SPDX-License-Identifier: BSD-3-Clause
"""Ethernet frames of our choice, for DPDK's net_pcap to read from a file for ever."""

import struct

PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
FRAME_BYTES = 64


def port_mac(port, fabric=0):
    """The address that a port derives from its id, in the fabric of this number."""
    return f"02:fa:3e:{fabric:02x}:{port >> 8:02x}:{port & 255:02x}"


def frame(destination, size=FRAME_BYTES):
    addresses = bytes.fromhex(destination.replace(":", "")) + bytes(6)
    return (addresses + b"\x88\xb5").ljust(size, b".")


def frames_for(path, destinations, size=FRAME_BYTES):
    """The vdev of a port that receives a frame for each destination in turn, for ever."""
    with open(path, "wb") as file:
        file.write(PCAP_HEADER)
        for destination in destinations:
            data = frame(destination, size)
            file.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)
    return f"net_pcap0,rx_pcap={path},infinite_rx=1"
