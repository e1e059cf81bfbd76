// SPDX-License-Identifier: BSD-3-Clause
// Loops over long payloads are compiled for several CPUs and chosen at start: distributions build
// for the oldest one. The dynamic linker chooses, before a sanitizer's runtime is ready, so not
// there.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FAMEZ_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FAMEZ_MULTIVERSION
#endif
