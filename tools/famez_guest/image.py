# SPDX-License-Identifier: BSD-3-Clause
"""The guests' image: a base that is kept, and behind it the programs of the day."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from famez_guest.cache import GuestError, cached
from famez_guest.cpio import MERGED, Archive, guest_path
from famez_guest.debian import cached_package
from famez_guest.kernel import kernel

FILES = pathlib.Path(__file__).parent / "files"
# How many commands can run in a guest at once, one of them our own.
CHANNELS = 12
DRIVER = "drivers/famez_pmd/librte_net_famez.so"
DRIVER_PLACE = "/lib/famez"
# In a guest of the build directory whenever they have been built.
OWN_PROGRAMS = ("famez_pingpong", "famez_fwd", "famez_doctor", "famez_bridge")
# EAL cannot make a pool of packet buffers without it.
NEEDED_PLUGINS = ("librte_mempool_ring.so",)
# coreutils' helper of stdbuf: with it a program's output comes line by line, not at its end.
LINE_BUFFERING = "/usr/libexec/coreutils/libstdbuf.so"
KERNEL_SUFFIX = ".vmlinux"


def make_image(output, build_dir="build", programs=(), plugins=(), add=()):
    """Writes the image to the file `output`, and beside it a link to its kernel. `programs`: names
    or paths; `plugins`: names of DPDK drivers; `add`: files, as HOSTPATH or HOSTPATH:GUESTPATH."""
    output = pathlib.Path(output)
    guest_kernel = kernel()
    base = base_image(guest_kernel)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".guest-image-", dir=output.parent) as work:
        image, link = pathlib.Path(work) / "image", pathlib.Path(work) / "kernel"
        with open(image, "wb") as file:
            with open(base, "rb") as first:
                shutil.copyfileobj(first, file, 1 << 20)
            archive = Archive(file)
            Contents(archive, pathlib.Path(build_dir)).add_all(programs, plugins, add)
            archive.close()
        link.symlink_to(guest_kernel.path)
        link.replace(f"{output}{KERNEL_SUFFIX}")
        image.replace(output)
    return output


def kernel_of(image):
    """The kernel that an image was made for."""
    path = pathlib.Path(f"{image}{KERNEL_SUFFIX}")
    if not pathlib.Path(image).is_file() or not path.is_file():
        raise GuestError(f"{image} or its kernel is not there; make it with tools/guest-image")
    return path


def base_image(guest_kernel):
    busybox = cached_package("busybox", "program", pick_busybox)
    digest = hashlib.sha256(f"{guest_kernel.name} {busybox.name} {CHANNELS}".encode())
    for source in (*sorted(FILES.iterdir()), pathlib.Path(__file__), FILES.parent / "cpio.py"):
        digest.update(source.read_bytes())

    def make(result):
        with open(result / "base.cpio", "wb") as file:
            write_base(Archive(file), guest_kernel, busybox / "busybox")

    return cached(f"base-{digest.hexdigest()[:16]}", make) / "base.cpio"


def pick_busybox(tree, result):
    (found,) = (path for path in tree.rglob("bin/busybox") if path.is_file())
    shutil.copy(found, result / "busybox")


def write_base(archive, guest_kernel, busybox):
    for name in MERGED:
        archive.directory(f"/usr/{name}")
        archive.link(f"/{name}", f"usr/{name}")
    for name in ("proc", "sys", "dev", "run", "root", "mnt/share", "etc", "var"):
        archive.directory(f"/{name}")
    archive.directory("/tmp", 0o1777)
    archive.link("/var/run", "../run")
    # What the kernel opens for the first process, before there is a devtmpfs.
    archive.device("/dev/console", 5, 1)
    archive.copy(busybox, "/bin/busybox")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for applet in listed.stdout.split():
        archive.link(f"/usr/bin/{applet}", "busybox")
    archive.link("/init", "usr/bin/busybox")
    archive.copy(guest_kernel.modules, "/lib/modules")
    archive.copy(FILES / "profile", "/etc/profile")
    archive.copy(FILES / "setup", "/lib/guest/setup")
    archive.copy(FILES / "worker", "/lib/guest/worker")
    archive.copy(FILES / "guest-bind", "/bin/guest-bind")
    workers = [f"::respawn:/lib/guest/worker {number}\n" for number in range(CHANNELS)]
    archive.text("/etc/inittab", "::sysinit:/lib/guest/setup\n" + "".join(workers))
    archive.text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    archive.text("/etc/group", "root:x:0:\n")
    archive.close()


class Contents:
    """What comes behind the base."""

    def __init__(self, archive, build_dir):
        self.archive = archive
        self.build_dir = build_dir
        self.libraries = set()

    def add_all(self, programs, plugins, add):
        for name in OWN_PROGRAMS:
            if self.built(name):
                self.program(name)
        for name in programs:
            self.program(name)
        driver = self.build_dir / DRIVER
        if driver.is_file():
            self.with_libraries(driver, f"{DRIVER_PLACE}/{driver.name}")
        self.add_plugins(plugins)
        for words in add:
            host, _, place = words.partition(":")
            if not os.path.exists(host):
                raise GuestError(f"{host} is not there")
            self.archive.copy(host, place or os.path.abspath(host))
        # A sanitizer's library must be the first of all and so bears no other helper.
        if not any("libasan" in path or "libtsan" in path for path in self.libraries):
            if os.path.exists(LINE_BUFFERING):
                self.with_libraries(LINE_BUFFERING, LINE_BUFFERING)

    def built(self, name):
        """The path of one of our programs, or None."""
        for path in (f"apps/{name}/{name}", f"server/{name}"):
            if (self.build_dir / path).is_file():
                return self.build_dir / path
        return None

    def program(self, name):
        path = self.built(name) or shutil.which(name)
        if not path:
            raise GuestError(f"no program {name} in {self.build_dir} and none in PATH")
        self.with_libraries(path, f"/bin/{os.path.basename(path)}")

    def with_libraries(self, host, place):
        self.archive.copy(host, place)
        for path in libraries(host):
            self.libraries.add(path)
            self.archive.copy(path, guest_path(path))

    def add_plugins(self, names):
        """DPDK's drivers are loaded from a directory whose name is compiled into EAL; one that
        EAL finds there costs time at each start, hence only what is asked for."""
        found = [path for path in self.libraries if "/librte_eal.so" in path]
        if not found:
            if names:
                raise GuestError(f"no DPDK program in the image needs {', '.join(names)}")
            return
        with open(found[0], "rb") as file:
            place = re.search(rb"\0(/[\w./-]+/dpdk/pmds-[\w.]+)\0", file.read())
        if not place:
            raise GuestError(f"{found[0]} does not say where its drivers are")
        directory = pathlib.Path(place.group(1).decode())
        for name in dict.fromkeys((*NEEDED_PLUGINS, *names)):
            if not (directory / name).is_file():
                raise GuestError(f"there is no DPDK driver {directory / name}")
            self.with_libraries(directory / name, directory / name)


def libraries(path):
    """The shared libraries that a program or library needs, as paths."""
    shown = subprocess.run(
        ["ldd", path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    missing = re.findall(r"^\s*(\S+) => not found", shown.stdout, re.MULTILINE)
    if missing:
        raise GuestError(f"{path} needs {', '.join(missing)}, which is not installed")
    return re.findall(r"(/\S+) \(0x[0-9a-f]+\)", shown.stdout)
