// SPDX-License-Identifier: BSD-3-Clause
//
// Zero copy as an application sees it, by counts and by content: two ports of one fabric in one
// process, the one lends its buffers, the other one's application holds them.
//
//     zero_copy_probe EAL-OPTIONS -- SOCKET SCENARIO     exit status 0, or 1 and what was wrong
//
// The server at SOCKET must have nobody else: the sender gets id 1, the receiver id 2.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_pmd_famez.h>

#include "driver_symbol.h"
#include "start_eal.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint16_t burst = 32;
constexpr std::uint16_t mtu = 9000;
constexpr std::uint16_t jumbo = 9000;  // bytes of a frame
constexpr std::uint16_t large_room = 9216 + RTE_PKTMBUF_HEADROOM;
constexpr std::uint16_t small_room = 1792 + RTE_PKTMBUF_HEADROOM;
constexpr std::uint16_t small_frame = 1000;
constexpr auto patience = 5s;
constexpr auto ticks = 200ms;  // a few of the port's ticks

int failures = 0;

template <class... Arguments>
void expect(bool good, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    if (good) return;
    ++failures;
    fmt::print("not so: {}\n", fmt::format(what, std::forward<Arguments>(arguments)...));
}

template <class Left, class Right>
void expect_equal(const Left& is, const Right& wanted, std::string_view what) {
    expect(is == static_cast<Left>(wanted), "{} is {}, not {}", what, is, wanted);
}

[[noreturn]] void give_up(const std::string& why) {
    throw std::runtime_error(why);
}

// ---- content ----

std::uint64_t word(std::uint64_t number, std::size_t index) {
    return (number + 1) * 0x9e3779b97f4a7c15 + index * 0xd6e8feb86659fd93;
}

// Every byte of a buffer says which message it is for.
void fill(rte_mbuf* packet, std::uint16_t length, std::uint64_t number) {
    auto* bytes = reinterpret_cast<char*>(rte_pktmbuf_append(packet, length));
    if (bytes == nullptr) give_up("no room in a buffer");
    for (std::size_t i = 0; i < length; i += sizeof(std::uint64_t)) {
        const std::uint64_t value = word(number, i);
        std::memcpy(bytes + i, &value, std::min<std::size_t>(sizeof value, length - i));
    }
}

bool holds(const rte_mbuf* packet, std::uint16_t length, std::uint64_t number) {
    if (packet->pkt_len != length || packet->nb_segs != 1) return false;
    const auto* bytes = rte_pktmbuf_mtod(packet, const char*);
    for (std::size_t i = 0; i < length; i += sizeof(std::uint64_t)) {
        const std::uint64_t value = word(number, i);
        if (std::memcmp(bytes + i, &value, std::min<std::size_t>(sizeof value, length - i)) != 0) {
            return false;
        }
    }
    return true;
}

// ---- ports ----

auto* pool_in_arena() {
    static const auto function = reinterpret_cast<decltype(&rte_pmd_famez_pktmbuf_pool_create)>(
        famez::driver_symbol("rte_pmd_famez_pktmbuf_pool_create"));
    return function;
}

class EthPort {
  public:
    EthPort(std::string name, const std::string& devargs) : name_(std::move(name)) {
        if (rte_eal_hotplug_add("vdev", name_.c_str(), devargs.c_str()) != 0 ||
            rte_eth_dev_get_port_by_name(name_.c_str(), &id_) != 0) {
            give_up(fmt::format("there is no {}", name_));
        }
    }
    EthPort(const EthPort&) = delete;
    EthPort& operator=(const EthPort&) = delete;

    [[nodiscard]] std::uint16_t id() const { return id_; }

    // `rx_pool`: for what is copied.
    void set_up(rte_mempool* rx_pool, std::uint16_t queues = 1) {
        rte_eth_conf conf{};
        conf.rxmode.mtu = mtu;
        check(rte_eth_dev_configure(id_, queues, queues, &conf), "configure");
        for (std::uint16_t i = 0; i < queues; ++i) {
            check(rte_eth_rx_queue_setup(id_, i, 1024, SOCKET_ID_ANY, nullptr, rx_pool), "rx");
            check(rte_eth_tx_queue_setup(id_, i, 1024, SOCKET_ID_ANY, nullptr), "tx");
        }
    }
    void start() const { check(rte_eth_dev_start(id_), "start"); }
    void stop() const { check(rte_eth_dev_stop(id_), "stop"); }
    // As good as the end of its process: the next one at this id is another incarnation.
    void leave() const {
        stop();
        check(rte_eth_dev_close(id_), "close");
        check(rte_eal_hotplug_remove("vdev", name_.c_str()), "remove");
    }

    // 0 where there is none.
    [[nodiscard]] std::uint64_t statistic(const char* name) const {
        std::uint64_t number = 0;
        std::uint64_t value = 0;
        if (rte_eth_xstats_get_id_by_name(id_, name, &number) != 0) return 0;
        rte_eth_xstats_get_by_id(id_, &number, &value, 1);
        return value;
    }

  private:
    void check(int result, const char* what) const {
        if (result != 0) give_up(fmt::format("{}: {}: {}", name_, what, rte_strerror(-result)));
    }

    std::string name_;
    std::uint16_t id_ = 0;
};

struct Held {
    rte_mbuf* packet;
    std::uint16_t length;
    std::uint64_t number;
};

// A sender with a pool in its arena, a receiver that trusts it, and what its application holds.
class Rig {
  public:
    static constexpr std::uint32_t buffers = 2048;

    explicit Rig(std::string socket, std::uint16_t queues = 1) : socket_(std::move(socket)) {
        rx_pool_ = rte_pktmbuf_pool_create("for_copies", 511, 0, 0, large_room, SOCKET_ID_ANY);
        if (rx_pool_ == nullptr) give_up("no memory for a pool");
        attach_sender();
        ports_.emplace_back("net_famez1", fmt::format("socket={},peer=1,trust=all", socket_));
        receiver_ = &ports_.back();
        receiver_->set_up(rx_pool_, queues);
        receiver_->start();
    }

    // A sender at id 1, without a pool yet, not started.
    void attach_sender() {
        ports_.emplace_back("net_famez0", fmt::format("socket={},peer=2", socket_));
        sender_ = &ports_.back();
        sender_->set_up(rx_pool_);
    }
    void make_pool(std::uint32_t count = buffers, std::uint16_t room = large_room) {
        arena_ = pool_in_arena()(sender_->id(), "in_arena", count, 0, 0, room, SOCKET_ID_ANY);
        if (arena_ == nullptr) give_up(fmt::format("no pool: {}", rte_strerror(rte_errno)));
    }
    void sender_leaves() {
        sender_->leave();
        if (arena_ != nullptr) rte_mempool_free(arena_);
        arena_ = nullptr;
    }

    [[nodiscard]] EthPort& sender() { return *sender_; }
    [[nodiscard]] EthPort& receiver() { return *receiver_; }
    [[nodiscard]] rte_mempool* arena() { return arena_; }
    [[nodiscard]] rte_mempool* rx_pool() { return rx_pool_; }
    [[nodiscard]] std::vector<Held>& held() { return held_; }

    // Sends so many frames and waits until all have come, intact. The last `keep` of them stay with
    // the application, the others are freed at once.
    void pass(std::uint64_t count, std::uint16_t length, std::uint64_t keep = 0,
              rte_mempool* from = nullptr) {
        const std::uint64_t last = sent_ + count;
        auto give_up_at = Clock::now() + patience;
        while (received_ < last) {
            const std::uint64_t before = received_;
            if (sent_ < last) send_some(std::min<std::uint64_t>(last - sent_, burst), length, from);
            receive_some(length, last - keep);
            if (received_ != before) give_up_at = Clock::now() + patience;
            if (Clock::now() > give_up_at) {
                give_up(
                    fmt::format("{} of {} frames have come", count - (last - received_), count));
            }
        }
    }

    void check_held(const char* when) {
        const auto bad = std::count_if(held_.begin(), held_.end(), [](const Held& held) {
            return !holds(held.packet, held.length, held.number);
        });
        expect(bad == 0, "{}: {} of {} packets that the application holds have changed", when, bad,
               held_.size());
    }
    void free_held() {
        for (const Held& held : held_)
            rte_pktmbuf_free(held.packet);
        held_.clear();
    }

    // Both ports look after what has been freed, as they do in their polls and bursts.
    void look_after() {
        std::array<rte_mbuf*, burst> packets{};
        static_cast<void>(rte_eth_rx_burst(receiver_->id(), 0, packets.data(), 0));
        static_cast<void>(rte_eth_tx_done_cleanup(sender_->id(), 0, 0));
    }

    // Every buffer of the sender's pool, and every header of the receiver's, is back. `polls`: the
    // receiver is started.
    void expect_all_back(bool polls = true) {
        const auto give_up_at = Clock::now() + 2s;
        while (rte_mempool_avail_count(arena_) < arena_->size && Clock::now() < give_up_at) {
            if (polls) {
                look_after();
            } else {
                static_cast<void>(rte_eth_tx_done_cleanup(sender_->id(), 0, 0));
            }
            std::this_thread::sleep_for(1ms);
        }
        expect_equal(rte_mempool_avail_count(arena_), arena_->size, "buffers back in the arena");
        rte_mempool_walk(
            [](rte_mempool* pool, void*) {
                if (std::string_view(pool->name).find("_ref") == std::string_view::npos) return;
                expect_equal(rte_mempool_avail_count(pool), pool->size,
                             fmt::format("headers back in {}", pool->name));
            },
            nullptr);
    }

    // All buffers that the pool can give now, with other bytes in them; and back with them.
    void scribble() {
        std::vector<rte_mbuf*> all;
        while (rte_mbuf* buffer = rte_pktmbuf_alloc(arena_)) {
            std::memset(buffer->buf_addr, 0x5a, buffer->buf_len);
            all.push_back(buffer);
        }
        rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
    }

    // Time passes, and the ports are used.
    void idle(Clock::duration time) {
        const auto end = Clock::now() + time;
        while (Clock::now() < end) {
            look_after();
            static_cast<void>(rte_eth_tx_burst(sender_->id(), 0, nullptr, 0));
        }
    }

  private:
    void send_some(std::uint64_t count, std::uint16_t length, rte_mempool* from) {
        std::array<rte_mbuf*, burst> packets{};
        const auto wanted = static_cast<std::uint16_t>(count);
        std::uint16_t made = 0;
        for (; made < wanted; ++made) {
            packets[made] = rte_pktmbuf_alloc(from != nullptr ? from : arena_);
            if (packets[made] == nullptr) break;
            fill(packets[made], length, sent_ + made);
        }
        const std::uint16_t taken = rte_eth_tx_burst(sender_->id(), 0, packets.data(), made);
        sent_ += taken;
        rte_pktmbuf_free_bulk(packets.data() + taken, made - taken);
    }

    void receive_some(std::uint16_t length, std::uint64_t keep_from) {
        std::array<rte_mbuf*, burst> packets{};
        const std::uint16_t came = rte_eth_rx_burst(receiver_->id(), 0, packets.data(), burst);
        for (std::uint16_t i = 0; i < came; ++i, ++received_) {
            if (!holds(packets[i], length, received_)) give_up(fmt::format("frame {}", received_));
            if (received_ >= keep_from) {
                held_.push_back({packets[i], length, received_});
            } else {
                rte_pktmbuf_free(packets[i]);
            }
        }
    }

    std::string socket_;
    std::deque<EthPort> ports_;
    EthPort* sender_ = nullptr;
    EthPort* receiver_ = nullptr;
    rte_mempool* rx_pool_ = nullptr;
    rte_mempool* arena_ = nullptr;
    std::vector<Held> held_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

class StartedRig : public Rig {
  public:
    explicit StartedRig(const std::string& socket) : Rig(socket) {
        make_pool();
        sender().start();
    }
};

// ---- scenarios ----

// Everything is lent, nothing is copied, and all is back after a stop.
void counts(const std::string& socket) {
    StartedRig rig(socket);
    for (const std::uint16_t length : {jumbo, std::uint16_t{256}, std::uint16_t{2000}})
        rig.pass(20'000, length);
    expect_equal(rig.sender().statistic("tx_references"), 60'000U, "references sent");
    expect_equal(rig.receiver().statistic("rx_references"), 60'000U, "references received");
    const std::uint64_t bytes = 20'000U * (jumbo + 256 + 2000);
    expect_equal(rig.sender().statistic("tx_reference_bytes"), bytes, "bytes lent");
    expect_equal(rig.receiver().statistic("rx_reference_bytes"), bytes, "bytes not copied");
    rig.pass(1000, 255);
    expect_equal(rig.sender().statistic("tx_references"), 60'000U, "references, short frames");
    expect_equal(rig.sender().statistic("tx_credits_ignored"), 0U, "credits ignored");
    rig.receiver().stop();
    rig.sender().stop();
    rig.expect_all_back(false);
}

// What the application holds for long stays as it is, however often the sender goes through its
// pool.
void held(const std::string& socket) {
    StartedRig rig(socket);
    for (int round = 0; round < 4; ++round)
        rig.pass(200, jumbo, 100);
    rig.pass(4 * Rig::buffers, jumbo);
    rig.scribble();
    rig.check_held("after four turns through the pool");
    rig.idle(20ms);
    expect_equal(rte_mempool_avail_count(rig.arena()), Rig::buffers - 400, "buffers back");
    // Half of them in another order than they came.
    std::swap_ranges(rig.held().begin(), rig.held().begin() + 100, rig.held().begin() + 250);
    rig.free_held();
    rig.receiver().stop();
    rig.sender().stop();
    rig.expect_all_back(false);
}

// Frees from a thread of EAL's and from one that EAL does not know.
void threads(const std::string& socket) {
    StartedRig rig(socket);
    const auto free_held = [](void* rig) {
        static_cast<Rig*>(rig)->free_held();
        return 0;
    };
    for (int round = 0; round < 20; ++round) {
        rig.pass(300, 2000, 200);
        if (round % 2 == 0) {
            std::thread([&] { free_held(&rig); }).join();
        } else {
            const unsigned worker = rte_get_next_lcore(rte_lcore_id(), 1, 0);
            rte_eal_remote_launch(free_held, &rig, worker);
            rte_eal_wait_lcore(worker);
        }
    }
    rig.expect_all_back();
    // While one of them frees, the port is polled.
    std::vector<rte_mbuf*> packets;
    for (int round = 0; round < 20; ++round) {
        rig.pass(300, 2000, 200);
        packets.clear();
        for (const Held& held : rig.held())
            packets.push_back(held.packet);
        rig.held().clear();
        std::thread thread([&] {
            for (rte_mbuf* packet : packets)
                rte_pktmbuf_free(packet);
        });
        rig.pass(2000, 2000);
        thread.join();
    }
    rig.receiver().stop();
    rig.sender().stop();
    rig.expect_all_back(false);
    expect_equal(rig.sender().statistic("tx_credits_ignored"), 0U, "credits ignored");
}

// Freed while the receiver's port is stopped; and held over a stop and a start.
void stopped(const std::string& socket) {
    StartedRig rig(socket);
    for (int round = 0; round < 3; ++round) {
        rig.pass(500, jumbo, 100);
        rig.receiver().stop();
        rig.check_held("after a stop");
        rig.free_held();
        rig.expect_all_back(false);
        rig.receiver().start();
        rig.pass(500, jumbo, 100);
        rig.receiver().stop();
        rig.receiver().start();
        rig.pass(2 * Rig::buffers, jumbo);
        rig.check_held("after a stop and a start");
        rig.free_held();
        rig.expect_all_back();
    }
    rig.sender().stop();
    rig.expect_all_back();
}

// The sender stops while its buffers are held, and goes on.
void sender_stops(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(500, jumbo, 100);
    rig.sender().stop();
    rig.scribble();
    rig.check_held("after the sender's stop");
    rig.sender().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("after the sender's start");
    rig.sender().stop();
    rig.free_held();
    rig.expect_all_back();
}

// Z5: no new epoch while the application holds something.
void reset(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    expect_equal(rte_eth_dev_reset(rig.receiver().id()), -EBUSY, "a reset with packets held");
    rig.check_held("after the reset");
    rig.receiver().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("after a start");
    rig.free_held();
    expect_equal(rte_eth_dev_reset(rig.receiver().id()), 0, "a reset with none");
    rig.receiver().start();
    rig.pass(1000, jumbo);
    // The sender's own epoch may end when it likes.
    rig.pass(100, jumbo, 10);
    expect_equal(rte_eth_dev_reset(rig.sender().id()), 0, "a reset of the sender");
    rig.sender().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("after the sender's reset");
    rig.free_held();
    rig.expect_all_back();
}

// Z5: the bytes outlive the port.
void close(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    rig.receiver().stop();
    expect_equal(rte_eth_dev_close(rig.receiver().id()), -EBUSY, "a close with packets held");
    std::this_thread::sleep_for(ticks);
    for (int i = 0; i < 100; ++i)
        static_cast<void>(rte_eth_tx_burst(rig.sender().id(), 0, nullptr, 0));
    rig.scribble();
    rig.check_held("after the close");
    rig.free_held();
}

// ... and once they are let go, the port can come back in the same process.
void close_again(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    rig.receiver().stop();
    expect_equal(rte_eth_dev_close(rig.receiver().id()), -EBUSY, "a close with packets held");
    rig.free_held();
    expect_equal(rte_eal_hotplug_remove("vdev", "net_famez1"), 0, "the removal");
    EthPort next("net_famez1", fmt::format("socket={},peer=1,trust=all", socket));
    next.set_up(rig.rx_pool());
    next.start();
    next.leave();
}

// A packet and its clones are one loan, in whatever order they are freed.
void clone(const std::string& socket) {
    StartedRig rig(socket);
    rte_mempool* const clones = rte_pktmbuf_pool_create("clones", 63, 0, 0, 0, SOCKET_ID_ANY);
    rig.pass(100, jumbo, 6);
    std::vector<rte_mbuf*> copies;
    for (const Held& held : rig.held()) {
        copies.push_back(rte_pktmbuf_clone(held.packet, clones));
        if (copies.back() == nullptr) give_up("no clone");
    }
    const auto out = [&] {
        rig.idle(20ms);
        return rig.arena()->size - rte_mempool_avail_count(rig.arena());
    };
    expect_equal(out(), 6U, "buffers out");
    for (std::size_t i = 0; i < 3; ++i)
        rte_pktmbuf_free(copies[i]);
    expect_equal(out(), 6U, "buffers out, three clones freed");
    for (std::size_t i = 3; i < 6; ++i)
        rte_pktmbuf_free(rig.held()[i].packet);
    expect_equal(out(), 6U, "buffers out, the originals of the other three freed");
    rig.pass(2 * Rig::buffers, jumbo);
    for (std::size_t i = 3; i < 6; ++i)
        expect(holds(copies[i], jumbo, rig.held()[i].number), "clone {} has changed", i);
    rig.held().resize(3);
    rig.check_held("beside clones");
    for (std::size_t i = 3; i < 6; ++i)
        rte_pktmbuf_free(copies[i]);
    expect_equal(out(), 3U, "buffers out, both of three freed");
    rig.free_held();
    rig.expect_all_back();
    // And they are as good as new.
    rig.pass(3 * Rig::buffers, jumbo);
    rig.expect_all_back();
}

// A buffer whose sender keeps a clone, to send it again, is not lent: a receiver may write into
// what it gets, as whoever changes addresses on the way does.
void clone_kept(const std::string& socket) {
    StartedRig rig(socket);
    rte_mempool* const clones = rte_pktmbuf_pool_create("clones", 63, 0, 0, 0, SOCKET_ID_ANY);
    rig.pass(100, jumbo);
    rte_mbuf* packet = rte_pktmbuf_alloc(rig.arena());
    fill(packet, jumbo, 7);
    rte_mbuf* const kept = rte_pktmbuf_clone(packet, clones);
    if (kept == nullptr) give_up("no clone");
    expect_equal(rte_eth_tx_burst(rig.sender().id(), 0, &packet, 1), 1U, "frames taken");
    rte_mbuf* came = nullptr;
    for (int i = 0; i < 100'000 && came == nullptr; ++i)
        static_cast<void>(rte_eth_rx_burst(rig.receiver().id(), 0, &came, 1));
    if (came == nullptr) give_up("the frame does not come");
    std::memset(rte_pktmbuf_mtod(came, void*), 0x5a, RTE_ETHER_HDR_LEN);
    expect(holds(kept, jumbo, 7), "the receiver has written into the sender's clone");
    rte_pktmbuf_free(came);
    rte_pktmbuf_free(kept);
    rig.expect_all_back();
}

void cleanup(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(200, jumbo, 100);
    rig.idle(ticks);
    expect_equal(rte_eth_tx_done_cleanup(rig.sender().id(), 0, 0), 0, "cleaned up, all being held");
    rig.free_held();
    expect_equal(rte_eth_tx_done_cleanup(rig.sender().id(), 0, 0), 100, "cleaned up");
    expect_equal(rte_mempool_avail_count(rig.arena()), Rig::buffers, "buffers back");
}

// Z4: a sender ends, and the next one at its id writes nothing that is still read.
void successor(const std::string& socket, std::uint16_t room, std::uint16_t length) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    rig.sender_leaves();
    rig.check_held("after the sender's end");
    rig.attach_sender();
    rig.make_pool(Rig::buffers, room);
    rig.scribble();
    rig.check_held("after its successor wrote all of its pool");
    rig.sender().start();
    rig.pass(2 * Rig::buffers, length);
    rig.check_held("while its successor sends");
    expect(rig.sender().statistic("tx_references") > 0, "its successor lends nothing");
    rig.free_held();
    rig.idle(ticks);
    rig.pass(2 * Rig::buffers, length);
    rig.sender().stop();
    rig.expect_all_back();
}
void successor_alike(const std::string& socket) {
    successor(socket, large_room, jumbo);
}
void successor_smaller(const std::string& socket) {
    successor(socket, small_room, small_frame);
}

// A port that was started, and has an open lane, before it gets its pool.
void late_pool(const std::string& socket) {
    Rig rig(socket);
    rig.sender().start();
    rig.pass(100, jumbo, 0, rig.rx_pool());
    rig.sender().stop();
    rig.make_pool();
    rig.sender().start();
    rig.pass(200, jumbo, 100);
    rig.idle(ticks);
    rig.scribble();
    rig.check_held("with a pool made late");
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("with a pool made late, after traffic");
    rig.free_held();
    rig.expect_all_back();
}

// A pool that was refused does not spoil the next.
void pool_again(const std::string& socket) {
    Rig rig(socket);
    rig.make_pool(8192, small_room);
    rig.sender().start();
    rig.pass(4096, small_frame, 4096);
    rig.sender_leaves();
    rig.attach_sender();
    expect(pool_in_arena()(rig.sender().id(), "too_many", 1U << 20, 0, 0, small_room,
                           SOCKET_ID_ANY) == nullptr,
           "a pool larger than the arena");
    expect_equal(rte_errno, ENOMEM, "its error");
    rig.make_pool(4096, small_room);
    rig.sender().start();
    rig.check_held("after the second pool");
    rig.free_held();
    rig.idle(ticks);
    rig.pass(10'000, small_frame);
    expect(rig.sender().statistic("tx_references") > 5000, "lends only {} of 10000",
           rig.sender().statistic("tx_references"));
    rig.sender().stop();
    rig.expect_all_back();
}

// More than a receiver can hold is copied.
void limit(const std::string& socket) {
    Rig rig(socket);
    rig.make_pool(8192, small_room);
    rig.sender().start();
    rig.pass(4096, small_frame, 4096);
    expect_equal(rig.sender().statistic("tx_references"), 4096U, "references");
    rig.pass(2000, small_frame);
    rig.check_held("at the limit");
    rig.free_held();
    rig.pass(20'000, small_frame);
    rig.sender().stop();
    rig.expect_all_back();
}

void pool_errors(const std::string& socket) {
    Rig rig(socket);
    const auto make = [](std::uint16_t port, unsigned count, std::uint16_t room) {
        rte_errno = 0;
        expect(pool_in_arena()(port, "one_more", count, 0, 0, room, SOCKET_ID_ANY) == nullptr,
               "a pool that cannot be");
        return rte_errno;
    };
    expect_equal(make(777, 64, small_room), ENODEV, "no port");
    expect_equal(make(rig.receiver().id(), 64, small_room), EBUSY, "a started port");
    expect_equal(make(rig.sender().id(), 1U << 20, small_room), ENOMEM, "too many buffers");
    rig.make_pool();
    expect_equal(make(rig.sender().id(), 64, small_room), EEXIST, "a second pool");
    rig.sender().start();
    rig.pass(1000, jumbo);
    // Buffers of more than one unit do not share any.
    std::vector<rte_mbuf*> all;
    while (rte_mbuf* buffer = rte_pktmbuf_alloc(rig.arena()))
        all.push_back(buffer);
    std::sort(all.begin(), all.end(),
              [](const rte_mbuf* a, const rte_mbuf* b) { return a->buf_addr < b->buf_addr; });
    for (std::size_t i = 1; i < all.size(); ++i) {
        expect(static_cast<char*>(all[i]->buf_addr) - static_cast<char*>(all[i - 1]->buf_addr) >=
                   all[i - 1]->buf_len,
               "buffers overlap");
        expect(all[i]->buf_iova == RTE_BAD_IOVA, "an IO address that nobody knows");
    }
    rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
    rig.expect_all_back();
}

// On a server with two lanes. With another number of queues two threads would write the credits.
void queues(const std::string& socket) {
    Rig rig(socket, 2);
    rig.make_pool();
    rig.sender().start();
    rig.pass(100, jumbo, 10);
    rig.receiver().stop();
    rig.receiver().set_up(rig.rx_pool(), 1);
    expect_equal(rte_eth_dev_start(rig.receiver().id()), -EBUSY, "fewer queues, packets held");
    rig.check_held("after the start that failed");
    rig.free_held();
    rig.receiver().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.expect_all_back();
}

const std::map<std::string_view, void (*)(const std::string&)> scenarios{
    {"counts", counts},
    {"held", held},
    {"threads", threads},
    {"stopped", stopped},
    {"sender-stops", sender_stops},
    {"reset", reset},
    {"close", close},
    {"close-again", close_again},
    {"clone", clone},
    {"clone-kept", clone_kept},
    {"cleanup", cleanup},
    {"successor-alike", successor_alike},
    {"successor-smaller", successor_smaller},
    {"late-pool", late_pool},
    {"pool-again", pool_again},
    {"limit", limit},
    {"pool-errors", pool_errors},
    {"queues", queues},
};

}  // namespace

int main(int argc, char** argv) {
    const auto dashes = std::find(argv, argv + argc, std::string_view("--"));
    if (argv + argc - dashes != 3 || !scenarios.contains(dashes[2])) return 2;
    std::vector<char*> words(argv, dashes);
    if (const std::string error = famez::start_eal(words, 128); !error.empty()) {
        fmt::print(stderr, "{}\n", error);
        return EXIT_FAILURE;
    }
    try {
        scenarios.at(dashes[2])(dashes[1]);
    } catch (const std::exception& error) {
        expect(false, "{}", error.what());
    }
    std::fflush(stdout);
    // Without an end to EAL: what a scenario left behind ends as it would with a killed process.
    std::_Exit(failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
