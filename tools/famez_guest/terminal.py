# SPDX-License-Identifier: BSD-3-Clause
"""This terminal as one of a guest."""

import os
import select
import shutil
import socket
import sys
import termios
import tty


class Terminal:
    """The guest's /dev/hvc0 is at the other end of `far_end`."""

    def __init__(self):
        self.socket, self.far_end = socket.socketpair()

    def command(self):
        """What to start in the guest: a shell with this terminal's size and kind."""
        size = shutil.get_terminal_size()
        kind = "".join(c for c in os.environ.get("TERM", "") if c.isalnum() or c in "-+.")
        # Not line by line here: what is typed to is a terminal. No exec: setsid would fork, and the
        # job would end with its parent.
        return (
            f"unset LD_PRELOAD _STDBUF_O; TERM={kind or 'linux'} setsid -c"
            f" sh -c 'stty sane cols {size.columns} rows {size.lines}; exec sh -i'"
            " <>/dev/hvc0 >&0 2>&1"
        )

    def relay(self, job):
        """Until the shell ends. Every key goes to the guest, Ctrl-C too."""
        before = termios.tcgetattr(sys.stdin)
        try:
            tty.setraw(sys.stdin)
            sources = [sys.stdin.fileno(), self.socket]
            while job.running() and self.socket in sources:
                for source in select.select(sources, [], [], 0.1)[0]:
                    if source is self.socket:
                        data = self.socket.recv(65536)
                        os.write(sys.stdout.fileno(), data)
                    else:
                        data = os.read(source, 65536)
                        self.socket.sendall(data)
                    if not data:
                        sources.remove(source)
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
