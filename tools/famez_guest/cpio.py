# SPDX-License-Identifier: BSD-3-Clause
"""Archives of the kind that Linux takes as its first file system ("newc", see the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst)."""

import os
import pathlib
import posixpath
import stat

# Debian's merged directories: the base has them as links, which what comes later must not replace.
MERGED = ("bin", "sbin", "lib", "lib64")


def guest_path(path):
    """As it stands in an archive: relative, and in /usr where Debian has merged a directory."""
    path = posixpath.normpath("/" + str(path)).lstrip("/")
    top = path.split("/")[0]
    return f"usr/{path}" if top in MERGED else path


class Archive:
    """Written to an open binary file. Directories come by themselves, before what is in them."""

    def __init__(self, file):
        self.file = file
        self.inode = 0
        self.names = set()

    def entry(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        raw = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(raw), 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        for part in (header, data):
            self.file.write(part)
            self.file.write(bytes(-len(part) % 4))

    def parents(self, name):
        parent = posixpath.dirname(name)
        if parent:
            self.directory(parent)

    def new(self, name):
        """True, and known from now on, if it is not in the archive yet."""
        if name in self.names:
            return False
        self.parents(name)
        self.names.add(name)
        return True

    def directory(self, path, mode=0o755):
        name = guest_path(path)
        if name and self.new(name):
            self.entry(name, stat.S_IFDIR | mode)

    def link(self, path, target):
        """`path` is taken as it is: it may be one of the merged directories."""
        name = str(path).lstrip("/")
        if self.new(name):
            self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        if self.new(guest_path(path)):
            self.entry(guest_path(path), stat.S_IFCHR | 0o600, device=(major, minor))

    def text(self, path, contents, mode=0o644):
        if self.new(guest_path(path)):
            self.entry(guest_path(path), stat.S_IFREG | mode, contents.encode())

    def copy(self, host, path):
        """A file or a whole directory of the host. A link to a file becomes the file."""
        host = pathlib.Path(host)
        if host.is_dir():
            self.directory(path)
            for child in sorted(os.listdir(host)):
                self.copy(host / child, posixpath.join(str(path), child))
        elif self.new(guest_path(path)):
            mode = 0o755 if os.access(host, os.X_OK) else 0o644
            self.entry(guest_path(path), stat.S_IFREG | mode, host.read_bytes())

    def close(self):
        """Behind it another archive may follow."""
        self.entry("TRAILER!!!", 0)
