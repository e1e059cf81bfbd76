// SPDX-License-Identifier: BSD-3-Clause
//
// A fabric inside one process and its forks: an anonymous mapping in place of the shared file, a
// ServerTable in place of the server, and eventfds. For tests, benchmarks and fuzzers.
#pragma once

#include <sys/eventfd.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include <famez/eventfd.h>
#include <famez/geometry.h>
#include <famez/region.h>
#include <famez/server_table.h>
#include <famez/transport.h>
#include <famez/unique_fd.h>

namespace famez::test {

// Sparse zeroed memory with an unreadable page on either side, so that a step outside is caught
// even without AddressSanitizer.
class FencedMemory {
  public:
    explicit FencedMemory(std::size_t bytes) : bytes_(bytes) {
        void* const base = ::mmap(nullptr, bytes + 2 * fence_bytes, PROT_NONE,
                                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED) throw std::bad_alloc();
        base_ = static_cast<std::byte*>(base);
        if (::mprotect(base_ + fence_bytes, bytes, PROT_READ | PROT_WRITE) != 0) {
            ::munmap(base_, bytes_ + 2 * fence_bytes);
            throw std::bad_alloc();
        }
    }
    FencedMemory(const FencedMemory&) = delete;
    FencedMemory& operator=(const FencedMemory&) = delete;
    ~FencedMemory() { ::munmap(base_, bytes_ + 2 * fence_bytes); }

    [[nodiscard]] std::span<std::byte> bytes() const { return {base_ + fence_bytes, bytes_}; }

  private:
    static constexpr std::size_t fence_bytes = 4096;
    std::size_t bytes_;
    std::byte* base_ = nullptr;
};

// A formatted region and its server.
class FakeFabric {
  public:
    explicit FakeFabric(const GeometryRequest& request = small_request())
        : geometry_(Geometry::plan(request)),
          memory_(geometry_.region_bytes),
          server_((format_region(memory_.bytes(), geometry_, vectors), memory_.bytes()), geometry_,
                  vectors) {
        for (std::uint32_t id = 0; id <= geometry_.ports; ++id)
            eventfds_.emplace_back(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    }

    // Small rings, so that tests reach their ends soon.
    static GeometryRequest small_request() {
        GeometryRequest request;
        request.region_bytes = std::uint64_t{2} << 20;
        request.ports = 4;
        request.ring_bytes = 4096;
        request.slab_bytes = std::uint64_t{64} << 10;
        return request;
    }

    [[nodiscard]] std::span<std::byte> region() const { return memory_.bytes(); }
    [[nodiscard]] const Geometry& geometry() const { return geometry_; }
    [[nodiscard]] ServerTable& server() { return server_; }
    // Vector 0 of a port.
    [[nodiscard]] int eventfd(std::uint32_t id) const { return eventfds_[id].get(); }

  private:
    static constexpr std::uint32_t vectors = 2;
    Geometry geometry_;
    FencedMemory memory_;
    ServerTable server_;
    std::vector<UniqueFd> eventfds_;  // by id; [0] unused
};

// An attachment to a FakeFabric. It holds its id while it lives, unless the id was assigned
// before: then it is like a VM's device, which stays when the program in the guest ends.
class FakeTransport : public Transport {
  public:
    FakeTransport(FakeFabric& fabric, std::uint16_t id)
        : fabric_(fabric),
          id_(id),
          eventfd_(fabric.eventfd(id)),
          holds_(!fabric.server().assigned(id)) {
        if (holds_) fabric_.server().assign(id_);
    }
    ~FakeTransport() override {
        if (holds_) fabric_.server().end(id_);
    }

    [[nodiscard]] std::span<std::byte> region() const override { return fabric_.region(); }
    [[nodiscard]] MemoryType memory_type() const override { return MemoryType::write_back; }
    [[nodiscard]] std::uint16_t id() const override { return id_; }
    [[nodiscard]] std::span<const int> eventfds() const override { return {&eventfd_, 1}; }
    bool ring(std::uint16_t peer, std::uint16_t vector) override {
        if (vector != 0 || peer == 0 || peer > fabric_.geometry().ports) return false;
        ring_eventfd(fabric_.eventfd(peer));
        return true;
    }
    bool service() override { return true; }

  private:
    FakeFabric& fabric_;
    std::uint16_t id_;
    int eventfd_;
    bool holds_;
};

}  // namespace famez::test
