# SPDX-License-Identifier: BSD-3-Clause
"""Debian packages, downloaded and unpacked but not installed."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

from famez_guest.cache import GuestError, cached, directory, say

LISTS = pathlib.Path("/var/lib/apt/lists")
TOOLS = pathlib.Path(__file__).resolve().parents[1]
GROUP = "guest-kernel"


def package_named(prefix):
    """The package of this prefix in our group of tools/packages.list."""
    listed = subprocess.run(
        [TOOLS / "packages", GROUP], capture_output=True, text=True, check=False
    )
    names = [name for name in listed.stdout.split() if name.startswith(prefix)]
    if not names:
        raise GuestError(f"tools/packages.list names no {prefix}* in the group {GROUP}")
    return names[0]


class Archive:
    """The machine's package sources, as apt knows them."""

    def __init__(self):
        self.options = []
        self.words = ""

    def run(self, *command, **how):
        try:
            return subprocess.run(
                command[:1] + tuple(self.options) + command[1:],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
                **how,
            )
        except FileNotFoundError:
            raise GuestError(f"{command[0]} is missing: guests need Debian's packages") from None

    def fields(self, package):
        """What apt knows of the newest version of a package; nothing if it does not know it."""
        shown = self.run("apt-cache", "show", "--no-all-versions", package).stdout
        return dict(re.findall(r"^([\w-]+): (.*)$", shown, re.MULTILINE))

    def resolve(self, package):
        """Name and version; of a kernel's metapackage, those of the kernel it stands for."""
        fields = self.fields(package)
        real = re.search(r"\blinux-image-\d\S*", fields.get("Depends", ""))
        if real and package.startswith("linux-image"):
            package = real.group()
            fields = self.fields(package)
        return (package, fields["Version"]) if "Version" in fields else None

    def download(self, package, version, where):
        """The path of the package's file, or None; what apt says about it goes to self.words."""
        done = self.run("apt-get", "-q", "download", f"{package}={version}", cwd=where)
        self.words = done.stderr.strip()
        files = list(pathlib.Path(where).glob("*.deb"))
        return files[0] if done.returncode == 0 and files else None

    def use_fresh_lists(self, where):
        """Lists of our own, as the system's may be old or deleted, and only root may renew them."""
        where = pathlib.Path(where)
        for part in ("lists/partial", "cache/archives/partial"):
            (where / part).mkdir(parents=True)
        # Sandbox user: apt's own could not write below a private directory. What arrives is
        # checked against the archive's signatures either way.
        settings = [f"Dir::State::Lists={where}/lists", f"Dir::Cache={where}/cache"]
        settings += ["APT::Sandbox::User=root", "Acquire::Languages=none", "Acquire::Retries=3"]
        self.options = [word for setting in settings for word in ("-o", setting)]
        self.run("apt-get", "-q", "update")


def resolve(package):
    """As Archive.resolve, remembered until apt's lists change: asking apt takes half a second."""
    lists = LISTS.stat().st_mtime_ns if LISTS.is_dir() else 0
    memory = directory() / f"{package}.json"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["lists"] == lists:
            return known["name"], known["version"]
    except (OSError, ValueError, KeyError):
        pass
    resolved = Archive().resolve(package)
    if resolved:
        text = json.dumps({"lists": lists, "name": resolved[0], "version": resolved[1]})
        fresh = memory.with_suffix(f".{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(memory)
    return resolved


def fetch(package, where):
    """Downloads the newest version of a package; gives the path of the file."""
    archive = Archive()
    for attempt in ("system", "fresh"):
        if attempt == "fresh":
            archive.use_fresh_lists(pathlib.Path(where) / "apt")
        resolved = archive.resolve(package)
        if resolved:
            say(f"downloading {resolved[0]} {resolved[1]}")
            path = archive.download(*resolved, where)
            if path:
                return path
    reason = archive.words.splitlines()[-1:] or ["apt does not know it"]
    raise GuestError(
        f"cannot download {package} ({' '.join(reason)}); check the network and"
        " /etc/apt/sources.list*, then run apt-get update as root"
    )


def unpack(file, where):
    done = subprocess.run(
        ["dpkg-deb", "-x", file, where], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise GuestError(f"cannot unpack {file}: {done.stderr.strip()}")


def cached_package(prefix, marker, pick):
    """A directory of the cache with what pick(TREE, DIRECTORY) takes of a package's files.
    `marker` stands for what it takes."""
    package = package_named(prefix)
    resolved = resolve(package)
    if not resolved:
        # No lists, perhaps no network: what was used before will do.
        kept = directory().glob(f"{prefix}*-{marker}")
        newest = max(kept, key=lambda path: path.stat().st_mtime, default=None)
        if newest:
            return newest
    name = "_".join(resolved or (package, "unknown")).replace(":", "%3a").replace("/", "_")

    def make(result):
        with tempfile.TemporaryDirectory(dir=result.parent) as work:
            tree = pathlib.Path(work) / "tree"
            unpack(fetch(package, work), tree)
            pick(tree, result)

    return cached(f"{name}-{marker}", make)
