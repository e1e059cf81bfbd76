// SPDX-License-Identifier: BSD-3-Clause
//
// The one way to touch a word that two ports share. Each foreign word is loaded once, by these
// functions, into a private variable; what is done with it then is bounded by our own geometry.
//
// The memory type of the mapping is a template parameter of producers and consumers. On write-back
// memory acquire and release order everything. On write-combining or uncached memory x86 release
// stores do not order earlier WC stores and loads may pass each other: fences by hand. No locked
// operation ever touches the region (on UC and WC memory it would lock the bus).
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace famez {

template <std::unsigned_integral Word>
[[gnu::always_inline]] inline Word load_relaxed(Word& word) {
    return std::atomic_ref<Word>(word).load(std::memory_order_relaxed);
}

template <std::unsigned_integral Word>
[[gnu::always_inline]] inline Word load_acquire(Word& word) {
    return std::atomic_ref<Word>(word).load(std::memory_order_acquire);
}

template <std::unsigned_integral Word>
[[gnu::always_inline]] inline void store_relaxed(Word& word, Word value) {
    std::atomic_ref<Word>(word).store(value, std::memory_order_relaxed);
}

template <std::unsigned_integral Word>
[[gnu::always_inline]] inline void store_release(Word& word, Word value) {
    std::atomic_ref<Word>(word).store(value, std::memory_order_release);
}

// A struct of the layout at an offset of the region. The caller's geometry has bounded the offset.
template <class Struct>
Struct& at(std::span<std::byte> region, std::uint64_t offset) {
    return *reinterpret_cast<Struct*>(region.data() + offset);
}

// For the control path, which is the same code on every memory type: what was stored before is seen
// before what is stored after, and soon. Costs nothing that counts there.
inline void control_fence() {
#if defined(__x86_64__)
    _mm_sfence();
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Our stores before it are visible before anything behind it is loaded: what acquire and release do
// not promise. A locked operation, on our own stack: cheaper than a fence instruction, and it
// empties write-combining buffers as well.
[[gnu::always_inline]] inline void full_fence() {
#if defined(__x86_64__)
    asm volatile("lock; orq $0, (%%rsp)" ::: "memory", "cc");
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Ordinary cacheable memory: what acquire and release mean to the compiler is enough.
struct WriteBack {
    // Before a store that hands over everything stored so far.
    [[gnu::always_inline]] static void before_commit() {}
    // Behind a control store, to push it out of the write-combining buffer.
    [[gnu::always_inline]] static void after_control_store() {}
    // Behind a load that found something, before what it guards is read.
    [[gnu::always_inline]] static void after_header_load() {}
};

// Write-combining or uncached memory (design section 4).
struct Weak {
#if defined(__x86_64__)
    [[gnu::always_inline]] static void before_commit() {
        _mm_sfence();
    }
    [[gnu::always_inline]] static void after_control_store() {
        _mm_sfence();
    }
    [[gnu::always_inline]] static void after_header_load() {
        _mm_lfence();
    }
#else
    static void before_commit() {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    static void after_control_store() {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    static void after_header_load() {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
#endif
};

}  // namespace famez
