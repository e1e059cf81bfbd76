# SPDX-License-Identifier: BSD-3-Clause
"""What tests of whole programs share: processes with time limits, a server, DPDK programs on its
fabric, and a look into the region from outside."""
