# SPDX-License-Identifier: BSD-3-Clause
"""'meson install': everything is there, where it belongs, and works from there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ["FAMEZ_BUILD_DIR"])
PROGRAMS = ["famez_server", "famez_bridge", "famez_client", "famez_doctor", "famez_pingpong"]

USER_PROGRAM = """
#include <cstdio>
#include <memory>
#include <famez/endpoint.h>
#include <famez/memory.h>

int main(int count, char**) {
    // Never run: it must compile against the installed headers and link.
    using famez::Endpoint;
    std::unique_ptr<Endpoint<famez::WriteBack>> endpoint;
    if (count > 1) endpoint->tick();
    if (count > 1) endpoint->send(1, {});
    std::puts("linked");
}
"""


def run(*command, **more):
    """Output of a command that must succeed."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=100, check=False, **more)
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


def options():
    """The build's options."""
    told = run("meson", "introspect", "--buildoptions", BUILD)
    return {option["name"]: option["value"] for option in json.loads(told)}


@pytest.fixture(scope="module", name="root")
def installed(tmp_path_factory):
    """What was installed, below the prefix; and the directory that stands for /."""
    destination = tmp_path_factory.mktemp("destdir")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", destination)
    return destination


@pytest.fixture(scope="module", name="prefix")
def prefix_of(root):
    """What stands for the prefix."""
    return root / options()["prefix"].lstrip("/")


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run(prefix, program):
    """Nothing of the build directory is needed."""
    said = run(prefix / "bin" / program, "--version", env={"PATH": os.environ["PATH"]})
    assert said.startswith(program)


def test_driver_is_where_eal_looks(root):
    """In the directory of this DPDK's own drivers, and there is nothing missing in it."""
    found = list(root.rglob("librte_net_famez.so*"))
    assert len(found) == 1
    where = options()["driver_dir"]
    if not where:
        eal = next(Path("/").glob("usr/lib*/**/librte_eal.so.*"))
        assert str(found[0].parent.relative_to(root)).encode() in eal.read_bytes()
    assert "not found" not in run("ldd", "-r", found[0])
    assert "undefined symbol" not in run("ldd", "-r", found[0])


@pytest.mark.parametrize("program", PROGRAMS)
def test_man_page_renders(prefix, program):
    """Without a warning, and with an example."""
    page = prefix / "share/man/man1" / f"{program}.1"
    if not shutil.which("help2man"):
        pytest.skip("help2man is not installed, so there are no man pages")
    if not shutil.which("man") or not shutil.which("groff"):
        pytest.skip("man or groff is not installed")
    done = subprocess.run(["man", "--warnings", "-l", page], text=True, capture_output=True,
                          env=os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8"}, check=True)
    assert done.stderr == ""
    for heading in ("NAME", "SYNOPSIS", "EXAMPLES"):
        assert f"\n{heading}\n" in done.stdout
    assert "--help" in done.stdout


def complete(prefix, *words):
    """What the shell offers for the last of these words."""
    script = prefix / "share/bash-completion/completions" / words[0]
    program = prefix / "bin" / words[0]
    line = [str(program), *words[1:]]
    code = (f'. "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
            '_famez "$1" "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"')
    return run("bash", "-c", code, "complete", *line).split()


def test_completion(prefix):
    """The programs' own options, and pingpong's only behind the two dashes."""
    assert complete(prefix, "famez_server", "--socketp") == ["--socketpath"]
    assert "--json" in complete(prefix, "famez_doctor", "-")
    assert complete(prefix, "famez_client", "pi") == ["ping"]
    assert complete(prefix, "famez_pingpong", "-l", "0", "--", "p") == ["ping", "pong"]
    assert "--count" in complete(prefix, "famez_pingpong", "--", "ping", "--c")
    assert complete(prefix, "famez_pingpong", "--co") == []


def test_a_program_without_dpdk(root, prefix, tmp_path):
    """pkg-config's famez_fabric is all that a user of the library needs."""
    source = tmp_path / "user.cc"
    source.write_text(USER_PROGRAM)
    description = next(prefix.rglob("famez_fabric.pc"))
    environment = os.environ | {"PKG_CONFIG_PATH": str(description.parent),
                                "PKG_CONFIG_SYSROOT_DIR": str(root)}
    flags = run("pkg-config", "--cflags", "--libs", "famez_fabric", env=environment).split()
    assert flags
    program = tmp_path / "user"
    run("c++", "-std=c++20", "-Wall", "-Werror", "-o", program, source, *flags)
    assert run(program) == "linked\n"


def test_headers(prefix):
    """All of the library's, and the driver's one."""
    headers = list((prefix / "include/famez").glob("*.h"))
    assert len(headers) > 10
    assert (prefix / "include/rte_pmd_famez.h").exists()
