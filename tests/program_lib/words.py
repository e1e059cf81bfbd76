# SPDX-License-Identifier: BSD-3-Clause
"""The 64-bit words of a shared mapping, each read and written by one load or store.

`struct` writes a number byte by byte and clears what is left of it with memset. Whoever spins on a
word sees it half written: BUFLEN is 0 after the first of those stores, the next message is posted,
and the stores that follow wipe its length."""


class Words:
    def __init__(self, area):
        self.view = memoryview(area).cast("Q")

    def __getitem__(self, offset):
        """The word at a byte offset that is a multiple of 8."""
        return self.view[offset // 8]

    def __setitem__(self, offset, value):
        self.view[offset // 8] = value

    def release(self):
        """Before the mapping is closed."""
        self.view.release()
