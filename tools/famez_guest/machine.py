# SPDX-License-Identifier: BSD-3-Clause
"""A guest: QEMU, and the agent in it that runs commands."""

import contextlib
import itertools
import os
import platform
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

from famez_guest.cache import GuestError
from famez_guest.image import CHANNELS, kernel_of
from famez_guest.job import CONTROL, Channel, Pump, Result
from famez_guest.qmp import Qmp

QEMU = "qemu-system-x86_64"
BOOT_SECONDS = 60
QMP_SECONDS = 20
DEVICE = "famez0"
ROOT_PORT = "famez_port"


def why_not():
    """Why no guest can run on this machine, or None if one can."""
    if platform.machine() != "x86_64":
        return "guests run the host's programs, and have x86-64 kernels"
    if not shutil.which(QEMU):
        return f"{QEMU} is not installed"
    shown = subprocess.run([QEMU, "-accel", "help"], capture_output=True, text=True, check=False)
    if "tcg" not in shown.stdout.split():
        return f"{QEMU} has no emulation (TCG): {shown.stderr.strip()}"
    return None


class Guest:
    """A virtual machine, running and ready for commands.

    `socket`: the fabric's, or None for a machine without the device. `iommu`: the vIOMMU that
    vfio-pci needs. `hotplug`: the device behind a PCIe root port, for unplug() and plug().
    `share`: a directory of the host, /mnt/share in the guest. `terminal`: a socket that becomes the
    guest's /dev/hvc0. `kvm`: run on the CPU itself. `verbose`: all that the kernel says goes to the
    console. `patience`: a factor for all time limits.

    Use it with `with`. QEMU dies with the thread that made the Guest, whatever happens to it.
    """

    def __init__(
        self,
        image,
        socket=None,
        vectors=4,
        memory_mb=512,
        iommu=True,
        hotplug=False,
        cpus=1,
        share=None,
        qemu_args=(),
        name="guest",
        terminal=None,
        kvm=False,
        verbose=False,
        patience=1.0,
    ):
        if socket is not None and not os.path.exists(socket):
            raise GuestError(f"no server at {socket}: start famez_server -S {socket} first")
        self.name = name
        self.fabric = socket
        self.vectors = vectors
        self.hotplug = hotplug
        self.patience = patience
        self.secret = secrets.token_hex(8)
        self.address = None
        self.plugged = 1
        self.channels = [Channel(self, number) for number in range(CHANNELS)]
        self.pump = Pump(self.channels)
        self.control = Qmp()
        self.console = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        handed = [end.far_end for end in (self.control, *self.channels)]
        if terminal:
            handed.append(terminal)
        self.command = [QEMU, "-name", name]
        self.command += machine_options(memory_mb, iommu, cpus, kvm)
        self.command += self.kernel_options(image, share, verbose)
        self.command += self.channel_options(terminal)
        if share:
            self.command += ["-fsdev", f"local,id=share,path={share},security_model=none"]
            self.command += ["-device", "virtio-9p-pci,fsdev=share,mount_tag=share"]
        self.command += self.device_options() + list(qemu_args)
        self.process = self.launch(handed)
        try:
            self.wait_until_up()
        except BaseException:
            self.close()
            raise

    # ---- QEMU ----

    def kernel_options(self, image, share, verbose):
        words = f"console=ttyS0,115200 famez.name={self.name} famez.secret={self.secret}"
        words += " famez.share=yes" if share else ""
        words += "" if verbose else " quiet"
        return ["-kernel", str(kernel_of(image)), "-initrd", str(image), "-append", words]

    def channel_options(self, terminal):
        """Sockets that are inherited: no names that others could find or that would be left."""
        options = ["-serial", "stdio"]
        options += ["-chardev", f"socket,id=control,fd={self.control.far_end.fileno()}"]
        options += ["-mon", "chardev=control,mode=control"]
        options += ["-device", "virtio-serial-pci,id=channels"]
        for channel in self.channels:
            name = f"channel{channel.number}"
            options += ["-chardev", f"socket,id={name},fd={channel.far_end.fileno()}"]
            options += ["-device", f"virtserialport,chardev={name},nr={channel.number + 1}"]
        if terminal:
            options += ["-chardev", f"socket,id=terminal,fd={terminal.fileno()}"]
            options += ["-device", f"virtconsole,chardev=terminal,nr={CHANNELS + 1}"]
        return options

    def device_options(self):
        if self.fabric is None:
            return []
        options = ["-chardev", f"socket,id=ZMSG,path={self.fabric}"]
        device = f"ivshmem-doorbell,chardev=ZMSG,vectors={self.vectors}"
        if self.hotplug:
            options += ["-device", f"pcie-root-port,id={ROOT_PORT},chassis=1,slot=1"]
            device += f",id={DEVICE}1,bus={ROOT_PORT}"
        return options + ["-device", device]

    def launch(self, handed):
        # setpriv: even a Python that is killed leaves no QEMU. A session of its own: Ctrl-C is for
        # Python alone.
        try:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=self.console,
                stderr=self.errors,
                pass_fds=[end.fileno() for end in handed],
                start_new_session=True,
            )
        except FileNotFoundError:
            raise GuestError("setpriv (of util-linux) is missing") from None
        finally:
            for end in handed:
                end.close()

    def wait_until_up(self):
        self.pump.start()
        try:
            self.control.negotiate(QMP_SECONDS * self.patience)
        except ConnectionError:
            status = self.process.wait()
            raise GuestError(f"QEMU ends with {status} at its start:\n{self.log()}") from None
        self.wait_for_greetings([1] * CHANNELS)

    def wait_for_greetings(self, numbers):
        for channel, number in zip(self.channels, numbers):
            channel.wait_for(
                lambda channel=channel, number=number: channel.closed
                or channel.greetings >= number,
                BOOT_SECONDS,
                lambda: "the guest's agent is not there",
            )
            if channel.closed:
                raise GuestError(f"{self.name} ended while it booted:\n{self.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends QEMU, if it still runs, and forgets it."""
        self.kill()
        # It ends with QEMU; it must not look at sockets whose numbers belong to others by then.
        self.pump.join()
        for channel in self.channels:
            channel.socket.close()
        self.control.close()

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9 of QEMU; returns when it has gone."""
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def log(self):
        """What QEMU said, and the end of what the guest's kernel did, for messages."""
        lines = itertools.groupby(whole(self.errors).splitlines())
        errors = "".join(f"{line} ({len(list(same))} times)\n" for line, same in lines)
        text = f"---- {self.name}: standard error of QEMU\n{errors.replace(' (1 times)', '')}"
        return f"{text}---- {self.name}: end of the console\n{whole(self.console)[-4000:]}"

    def console_text(self):
        return whole(self.console)

    # ---- commands ----

    def run(self, command, seconds=30):
        """Runs shell text; gives the status and the output (both streams). Its standard input is
        empty. A command that does not end in time is killed, and that is a failure."""
        job = self.start(command, stdin=False)
        try:
            status = job.wait(seconds)
        except GuestError:
            # A kernel that has crashed cannot do that either; the first failure is the one to tell.
            with contextlib.suppress(GuestError):
                job.signal(signal.SIGKILL)
            raise
        if status is None:
            raise GuestError(f"{self.name} ended under '{command}':\n{job.output()}\n{self.log()}")
        return Result(status, job.output())

    def start(self, command, stdin=True):
        """Starts shell text in the background. `stdin`: job.type() is its standard input, which
        never ends; else it is empty."""
        for channel in self.channels[CONTROL + 1 :]:
            if channel.free():
                return channel.begin(command, stdin)
        if not self.alive():
            raise GuestError(f"{self.name} has ended\n{self.log()}")
        raise GuestError(f"{self.name} runs {CHANNELS - 1} commands already")

    def ask_control(self, command, seconds=10):
        """On the channel that is always free: only for what ends at once."""
        channel = self.channels[CONTROL]
        job = channel.begin(command, False)
        return Result(job.wait(seconds), job.output())

    def send_signal(self, job, number):
        if job.running():
            pid = f"/run/guest/{job.channel.number}.pid"
            self.ask_control(f"kill -{int(number)} -- -$(cat {pid})")

    def checked(self, command, seconds=30):
        """The output of a command that must succeed."""
        status, output = self.run(command, seconds)
        if status != 0:
            raise GuestError(f"{self.name}: '{command}' gives {status}: {output.strip()}")
        return output

    def reboot(self):
        """A reboot in which QEMU goes on; returns when the agent is there again."""
        numbers = [channel.greetings + 1 for channel in self.channels]
        self.channels[CONTROL].begin("reboot -f", False)
        self.wait_for_greetings(numbers)

    def power_off(self, seconds=30):
        """Lets the guest end; gives the exit status of QEMU."""
        self.channels[CONTROL].begin("poweroff -f", False)
        try:
            return self.process.wait(seconds * self.patience)
        except subprocess.TimeoutExpired:
            raise GuestError(f"{self.name} does not end\n{self.log()}") from None

    # ---- the device ----

    def bind(self, driver="vfio-pci"):
        """Binds the device to vfio-pci or uio_pci_generic; gives its PCI address."""
        return self.checked(f"guest-bind {driver}").split()[0]

    def unbind(self):
        """The device without a driver; gives its PCI address."""
        return self.bind("none")

    def qmp(self, command, seconds=QMP_SECONDS, **arguments):
        """QEMU's answer. A '-' in the name of an argument is written '_'."""
        words = {name.replace("_", "-"): value for name, value in arguments.items()}
        return self.control.ask(command, words, seconds * self.patience)

    def wait_event(self, name, seconds=QMP_SECONDS, **data):
        """The first event of this name whose data contain `data`, of those not looked at yet."""
        return self.control.wait_event(name, seconds * self.patience, **data)

    def unplug(self, seconds=QMP_SECONDS):
        """Takes the device out, as device_del does; gives the seconds until the guest let it go.
        QEMU's connection to the server is closed then."""
        self.control.events.clear()
        start = time.monotonic()
        self.qmp("device_del", id=f"{DEVICE}{self.plugged}")
        self.wait_event("DEVICE_DELETED", seconds, device=f"{DEVICE}{self.plugged}")
        taken = time.monotonic() - start
        self.qmp("chardev-remove", id="ZMSG" if self.plugged == 1 else f"ZMSG{self.plugged}")
        return taken

    def plug(self):
        """A new connection to the server, and the device again. The guest's kernel finds it a
        moment later."""
        self.plugged += 1
        device, chardev = f"{DEVICE}{self.plugged}", f"ZMSG{self.plugged}"
        address = {"type": "unix", "data": {"path": str(self.fabric)}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}
        self.qmp("chardev-add", id=chardev, backend=backend)
        self.qmp(
            "device_add",
            driver="ivshmem-doorbell",
            id=device,
            bus=ROOT_PORT,
            chardev=chardev,
            vectors=self.vectors,
        )


def machine_options(memory_mb, iommu, cpus, kvm):
    """A PC without anything that is not named."""
    options = ["-nodefaults", "-no-user-config", "-display", "none"]
    options += ["-cpu", "max", "-smp", str(cpus), "-m", str(memory_mb)]
    options += ["-accel", "kvm" if kvm else "tcg"]
    if not iommu:
        return options + ["-machine", "q35"]
    # Split: the vIOMMU remaps interrupts, which KVM's own interrupt controller cannot.
    options += ["-machine", "q35,kernel-irqchip=split"]
    return options + ["-device", "intel-iommu,intremap=on"]


def whole(file):
    """Of a file that QEMU is writing to, without moving its position."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")
