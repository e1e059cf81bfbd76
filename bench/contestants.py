# SPDX-License-Identifier: BSD-3-Clause
"""Who is measured: links between two processes, as EAL's options for either end.

famez_pingpong is the program at both ends of each, so what differs is the driver.
"""

import dataclasses
import os
import socket
import subprocess
import time


@dataclasses.dataclass(frozen=True)
class Contestant:
    name: str
    receiver: str  # EAL options, {dir} is a directory of this measurement's own
    sender: str
    server: bool = False  # famez_server at {dir}/fabric

    def ends(self, directory):
        return [text.format(dir=directory).split() for text in (self.receiver, self.sender)]


def memif(options):
    end = "--vdev=net_memif0,role={role},id=0,socket={{dir}}/memif,socket-abstract=no" + options
    return end.format(role="server"), end.format(role="client")


def virtio(options):
    return (
        "--vdev=net_vhost0,iface={dir}/vhost,queues=1",
        "--single-file-segments --vdev=net_virtio_user0,path={dir}/vhost,queues=1" + options,
    )


FAMEZ = Contestant(
    "net_famez",
    "-d librte_net_famez.so --vdev=net_famez0,socket={dir}/fabric,peer=2",
    "-d librte_net_famez.so --vdev=net_famez0,socket={dir}/fabric,peer=1",
    server=True,
)

RIVALS = [
    Contestant("memif", *memif("")),
    # Zero copy wants memory in a single piece.
    Contestant("memif-zc", *["--single-file-segments " + end for end in memif(",zero-copy=yes")]),
    Contestant("virtio-split", *virtio("")),
    Contestant("virtio-packed", *virtio(",packed_vq=1,in_order=1")),
]


class Fabric:
    """famez_server for as long as the `with` lasts."""

    def __init__(self, command, directory):
        self.path = os.path.join(directory, "fabric")
        self.process = subprocess.Popen(
            [*command, "-S", self.path, "--rest", "off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self):
        give_up = time.monotonic() + 5
        while not self.answers():
            if time.monotonic() > give_up or self.process.poll() is not None:
                self.__exit__()
                raise RuntimeError("famez_server did not start")
            time.sleep(0.02)
        return self

    def answers(self):
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(self.path) == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
