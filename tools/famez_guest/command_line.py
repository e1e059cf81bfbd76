# SPDX-License-Identifier: BSD-3-Clause
"""Options that tools/guest-image and tools/guest-run share."""

import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]


def add_image_options(parser):
    """What is in an image."""
    parser.add_argument(
        "--build-dir",
        metavar="DIR",
        default=TOP / "build",
        help="the build directory whose programs and driver go into the image (default: build)",
    )
    parser.add_argument(
        "--program",
        metavar="NAME|PATH",
        action="append",
        default=[],
        help="another program, of the build directory or the host, with its libraries",
    )
    parser.add_argument(
        "--plugin",
        metavar="NAME",
        action="append",
        default=[],
        help="one of DPDK's own drivers, librte_net_null.so for one; without it the guest has only"
        " what pools of packet buffers need",
    )
    parser.add_argument(
        "--add",
        metavar="HOSTPATH[:GUESTPATH]",
        action="append",
        default=[],
        help="a file or directory of the host (GUESTPATH: the same path, if not given)",
    )


def image_options(options):
    """The same, as make_image takes them."""
    return {
        "build_dir": options.build_dir,
        "programs": options.program,
        "plugins": options.plugin,
        "add": options.add,
    }
