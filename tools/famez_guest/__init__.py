# SPDX-License-Identifier: BSD-3-Clause
"""Small virtual machines on a fabric: their kernel and image from Debian packages, and QEMU."""

from famez_guest.cache import GuestError
from famez_guest.image import make_image
from famez_guest.job import Job, Result
from famez_guest.machine import Guest, why_not

__all__ = ["Guest", "GuestError", "Job", "Result", "make_image", "why_not"]
