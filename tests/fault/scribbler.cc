// SPDX-License-Identifier: BSD-3-Clause
//
// A hostile port: it attaches like any other, which maps the whole region writable, and then writes
// rubbish over what belongs to others. What it can destroy is traffic, no more (design section 8).
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <famez/geometry.h>
#include <famez/layout.h>
#include <famez/memory.h>
#include <famez/record.h>
#include <famez/socket_transport.h>

namespace {

using famez::Geometry;
namespace layout = famez::layout;
namespace record = famez::record;
using Word = std::uint64_t;

struct Options {
    std::string socket;
    double seconds = 5;
    std::uint64_t seed = 1;
    std::vector<std::uint32_t> victims;
    std::vector<std::string> areas{"header", "table", "lanes", "rings"};
    Word pause_us = 2000;  // on average, between two volleys
    bool wipe = false;
};

volatile std::sig_atomic_t stop_requested = 0;

class Scribbler {
  public:
    Scribbler(const Options& options, std::span<std::byte> region)
        : options_(options),
          region_(region),
          geometry_(Geometry::read(region)),
          dice_(options.seed) {}

    std::uint64_t run();
    // Zeroes what lies in the rings between the victims, once.
    std::uint64_t wipe();

  private:
    Word roll(Word below) { return std::uniform_int_distribution<Word>(0, below - 1)(dice_); }
    template <class List>
    auto& pick(List& list) {
        return list[roll(std::size(list))];
    }

    // Where: the offset of a word.
    Word place_in(const std::string& area);
    Word in_header();
    Word in_table();
    Word in_lanes();
    Word in_rings();
    Word ring_between(std::uint32_t to, std::uint32_t from);

    // What: some bits of it, all of it, nothing, or something that could be meant.
    Word value_for(const std::string& area, Word offset, Word old);
    Word plausible_header(Word offset, Word old);
    Word plausible_control(Word offset, Word old);

    Word& word(Word offset) { return famez::at<Word>(region_, offset); }
    std::uint32_t other_victim(std::uint32_t id);

    const Options& options_;
    std::span<std::byte> region_;
    Geometry geometry_;
    std::mt19937_64 dice_;
};

std::uint32_t Scribbler::other_victim(std::uint32_t id) {
    for (const std::uint32_t victim : options_.victims) {
        if (victim != id) return victim;
    }
    return id;
}

Word Scribbler::in_header() {
    // Half of the time the mailbox's globals, which newcomers read first.
    if (roll(2) == 0) return roll(sizeof(layout::MailGlobals) / sizeof(Word)) * sizeof(Word);
    return geometry_.header_offset + roll(256 / sizeof(Word)) * sizeof(Word);
}

Word Scribbler::in_table() {
    const Word entry = geometry_.entry_offset(pick(options_.victims));
    const Word bytes = sizeof(layout::PortEntry) + geometry_.lanes * sizeof(layout::SleepLine);
    // Assignment and status matter more than the rest.
    return entry + roll((roll(2) == 0 ? 128 : bytes) / sizeof(Word)) * sizeof(Word);
}

Word Scribbler::in_lanes() {
    const std::uint32_t to = pick(options_.victims);
    const auto lane = static_cast<std::uint32_t>(roll(geometry_.lanes));
    return geometry_.lane_offset(to, other_victim(to), lane) +
           roll(sizeof(layout::LaneBlock) / sizeof(Word)) * sizeof(Word);
}

// The ring that `to` has granted to `from`; any of its slab if that cannot be told.
Word Scribbler::ring_between(std::uint32_t to, std::uint32_t from) {
    auto& lane = famez::at<layout::LaneBlock>(region_, geometry_.lane_offset(to, from, 0));
    const Word told = famez::load_relaxed(lane.grant.ring_offset);
    const Word in_slab = told - geometry_.slab_offset(to);
    if (in_slab <= geometry_.slab_bytes - geometry_.ring_stride()) return told & ~Word{7};
    return geometry_.ring_offset(to, static_cast<std::uint32_t>(roll(geometry_.rings_per_slab())));
}

// Often a word that was just written, or is about to be.
Word Scribbler::in_rings() {
    const std::uint32_t to = pick(options_.victims);
    const std::uint32_t from = other_victim(to);
    const Word ring = ring_between(to, from);
    if (roll(2) == 0) return ring + roll(geometry_.ring_bytes / sizeof(Word)) * sizeof(Word);
    auto& lane = famez::at<layout::LaneBlock>(region_, geometry_.lane_offset(to, from, 0));
    const Word ahead = famez::load_relaxed(lane.grant.position) + roll(4096) * sizeof(Word);
    return ring + (ahead & (geometry_.ring_bytes - 1) & ~Word{7});
}

Word Scribbler::place_in(const std::string& area) {
    if (area == "header") return in_header();
    if (area == "table") return in_table();
    if (area == "lanes") return in_lanes();
    return in_rings();
}

// Records that begin like the one that stands there, and end where none may.
Word Scribbler::plausible_header(Word offset, Word old) {
    const std::array<Word, 10> lengths{0,
                                       1,
                                       64,
                                       geometry_.payload_max(),
                                       geometry_.payload_max() + 1,
                                       geometry_.ring_bytes - 8,
                                       geometry_.ring_bytes,
                                       record::length_mask,
                                       record::length_mask - 7,
                                       offset & 0xffff};
    const Word sequence = old >> record::sequence_shift << record::sequence_shift;
    const std::array<Word, 4> sequences{sequence, sequence + record::sequence_one,
                                        sequence - record::sequence_one, 0};
    return pick(sequences) | roll(4) << record::kind_shift |
           (roll(3) == 0 ? roll(0x1000) << record::flags_shift : 0) | pick(lengths);
}

// Words of a lane or of the table: neighbours of what stands there, what the other words of the
// same line say, and the ends of every range.
Word Scribbler::plausible_control(Word offset, Word old) {
    const Word line = offset / layout::line_bytes * layout::line_bytes;
    const Word other = famez::load_relaxed(
        word((line ^ layout::line_bytes) + roll(layout::line_bytes / sizeof(Word)) * sizeof(Word)));
    const std::uint32_t victim = pick(options_.victims);
    const auto ring = static_cast<std::uint32_t>(roll(geometry_.rings_per_slab()));
    const std::array<Word, 18> values{old + 1,
                                      old - 1,
                                      old | layout::request_nak,
                                      old & ~layout::request_nak,
                                      old + geometry_.ring_bytes,
                                      old + 8 * roll(4096),
                                      old - 8 * roll(4096),
                                      other,
                                      other | layout::request_nak,
                                      ~Word{0},
                                      ~Word{0} - 8 * roll(64),
                                      Word{1} << 63,
                                      (Word{1} << 63) - 1,
                                      geometry_.ring_offset(victim, ring),
                                      geometry_.ring_offset(victim, ring) + 8 * roll(8),
                                      geometry_.region_bytes - 8 * roll(64),
                                      Word{0xffff'ffff},
                                      Word{0xffff'fffe} << 32 | roll(4)};
    return pick(values);
}

Word Scribbler::value_for(const std::string& area, Word offset, Word old) {
    switch (roll(5)) {
        case 0:
            return dice_();
        case 1:
            return old ^ Word { 1 } << roll(64);
        case 2:
            return 0;
        default:
            return area == "rings" ? plausible_header(offset, old) : plausible_control(offset, old);
    }
}

std::uint64_t Scribbler::wipe() {
    for (const std::uint32_t to : options_.victims) {
        const Word ring = ring_between(to, other_victim(to));
        for (Word offset = 0; offset < geometry_.ring_bytes; offset += sizeof(Word)) {
            famez::store_relaxed(word(ring + offset), Word{0});
        }
    }
    return options_.victims.size() * geometry_.ring_bytes / sizeof(Word);
}

std::uint64_t Scribbler::run() {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(options_.seconds);
    std::uint64_t written = 0;
    while (stop_requested == 0 && std::chrono::steady_clock::now() < end) {
        // Volleys with pauses between, so that lanes open and are hit at all stages of their life.
        const std::string area = pick(options_.areas);
        for (Word volley = Word{1} << roll(11); volley > 0; --volley, ++written) {
            const Word offset = place_in(area);
            const Word old = famez::load_relaxed(word(offset));
            famez::store_relaxed(word(offset), value_for(area, offset, old));
        }
        if (options_.pause_us != 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(roll(2 * options_.pause_us)));
        }
    }
    return written;
}

int scribble(int argc, char** argv) {
    CLI::App app("Writes rubbish over the shared region of a fabric, for tests.", "scribbler");
    Options options;
    app.add_option("--socket", options.socket, "The server's socket")->required();
    app.add_option("--seconds", options.seconds, "How long")->capture_default_str();
    app.add_option("--seed", options.seed, "Of the dice")->capture_default_str();
    app.add_option("--victims", options.victims, "Ids of the two ports to harm")
        ->delimiter(',')
        ->expected(2)
        ->required();
    app.add_option("--areas", options.areas, "Of header, table, lanes, rings; all if not given")
        ->delimiter(',')
        ->check(CLI::IsMember({"header", "table", "lanes", "rings"}));
    app.add_option("--pause", options.pause_us, "Microseconds between volleys, on average")
        ->capture_default_str();
    app.add_flag("--wipe", options.wipe, "Zero the victims' rings once, and end");
    CLI11_PARSE(app, argc, argv);

    famez::SocketTransportOptions transport_options;
    transport_options.socket_path = options.socket;
    famez::SocketTransport transport(transport_options);
    Scribbler scribbler(options, transport.region());
    fmt::print("scribbler: port {}, seed {}\n", transport.id(), options.seed);
    std::fflush(stdout);
    const std::uint64_t written = options.wipe ? scribbler.wipe() : scribbler.run();
    fmt::print("scribbler: {} words written\n", written);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGINT, [](int) { stop_requested = 1; });
    std::signal(SIGTERM, [](int) { stop_requested = 1; });
    try {
        return scribble(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "scribbler: {}\n", error.what());
        return 1;
    }
}
