# SPDX-License-Identifier: BSD-3-Clause
"""The guests' kernel: Debian's, with the modules that are of use here."""

import hashlib
import lzma
import pathlib
import re
import shutil

from famez_guest.cache import GuestError
from famez_guest.debian import cached_package

# The agent's channel; binding the device; files from the host; device files made by
# programs; network interfaces made by programs.
MODULES = """
virtio_pci virtio_console
vfio-pci vfio_iommu_type1 uio_pci_generic
9p 9pnet_virtio
fuse cuse
tun
msr
""".split()

XZ_MAGIC = b"\xfd7zXZ\0"


class Kernel:
    """`path`: what QEMU starts. `modules`: the tree that belongs below /lib/modules."""

    def __init__(self, directory):
        self.path = directory / "vmlinux"
        self.modules = directory / "modules"
        # The same kernel from another directory is the same to those who cache what is made of it.
        self.name = directory.name


def kernel():
    # What is picked out depends on this file.
    marker = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:12]
    return Kernel(cached_package("linux-image-", marker, pick))


def pick(tree, result):
    """Takes from an unpacked kernel package what a guest needs."""
    (compressed,) = (tree / "boot").glob("vmlinuz-*")
    (modules,) = (tree / "lib/modules").glob("*")
    (result / "vmlinux").write_bytes(decompressed(compressed.read_bytes()))
    copy_modules(modules, result / "modules" / modules.name)


def decompressed(image):
    """The ELF file inside a compressed kernel. Starting it through its PVH entry saves the time in
    which an emulated CPU would decompress it."""
    start = image.find(XZ_MAGIC)
    while start >= 0:
        try:
            kernel_image = lzma.LZMADecompressor().decompress(image[start:])
        except lzma.LZMAError:
            kernel_image = b""
        if kernel_image.startswith(b"\x7fELF"):
            return kernel_image
        start = image.find(XZ_MAGIC, start + 1)
    # Compressed in another way: QEMU starts it as it is, only slower.
    return image


def module_key(name):
    return name.replace("-", "_")


def copy_modules(source, target):
    """Copies the modules with all that they depend on, and writes the list that modprobe reads."""
    files = {module_key(path.name.split(".")[0]): path for path in source.rglob("*.ko*")}
    built_in = (source / "modules.builtin").read_text(encoding="utf-8")
    present = {module_key(pathlib.Path(line).stem) for line in built_in.split()}
    contents, needs = {}, {}

    def take(name):
        if name in contents or name in present:
            return
        if name not in files:
            raise GuestError(f"the kernel {source.name} has no module {name}")
        contents[name] = module_contents(files[name])
        needs[name] = dependencies(contents[name])
        for need in needs[name]:
            take(need)

    for name in MODULES:
        take(module_key(name))

    def place(name):
        # Uncompressed, whatever it was: an emulated CPU is slow at that.
        return str(files[name].relative_to(source)).split(".ko")[0] + ".ko"

    lines = []
    for name in sorted(contents):
        path = target / place(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])
        ordered = [place(need) for need in closure(name, needs) if need != name]
        lines.append(f"{place(name)}: {' '.join(ordered)}\n")
    (target / "modules.dep").write_text("".join(lines), encoding="utf-8")
    shutil.copy(source / "modules.builtin", target)


def module_contents(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def dependencies(module):
    """The names in the field `depends` of a module's .modinfo section."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    names = found.group(1).decode().split(",") if found else []
    return [module_key(name) for name in names if name]


def closure(name, needs):
    """The module, then all that it needs, each before what it needs itself: modprobe loads them
    from the last to the first."""
    order = []

    def visit(module):
        for need in needs.get(module, ()):
            visit(need)
        if module in needs and module not in order:
            order.append(module)

    visit(name)
    return order[::-1]
