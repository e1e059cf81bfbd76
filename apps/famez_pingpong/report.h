// SPDX-License-Identifier: BSD-3-Clause
// The results: a table for people, or JSON, or CSV, on stdout.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "histogram.h"
#include "options.h"
#include "port.h"
#include "sleeper.h"
#include "tally.h"
#include "verify.h"

namespace famez::pingpong {

// The result of one size.
struct Row {
    SizeRange size;
    Tally tally;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::optional<std::uint64_t> lost;  // nothing: cannot be known
    std::uint64_t late = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t corrupted = 0;
    std::uint64_t foreign = 0;  // frames that are not ours
    std::uint64_t dropped = 0;  // answers that pong could not send, the link being down
    const Histogram* rtt = nullptr;
    const Histogram* service = nullptr;  // with --rate: from when sent, not from when due
    std::optional<ControlMessage> peer;  // the receiver's totals, if it confirmed the end
    std::uint64_t link_downs = 0;
    std::uint64_t stalls = 0;
    std::optional<double> cpu_percent;  // nothing: the clock never ran
    std::optional<Sleeps> sleeps;       // with --idle-us
    bool content_verified = false;      // received bytes were compared with what the sender wrote
    const char* ended = "";
};

class Reporter {
  public:
    Reporter(const Options& options, const Port& port) : options_(options), port_(port) {}

    // Prints it at once.
    void add(const Row& row);

    // A last line for people.
    void close() const;

    [[nodiscard]] bool all_well() const { return !wrong_ && anything_came_; }
    [[nodiscard]] std::uint64_t rows() const { return rows_; }

  private:
    void judge(const Row& row);
    void print_ping_row(const Row& row) const;
    void print_stream_row(const Row& row) const;
    void save_histogram(const Row& row);
    void print_csv_row(const Row& row) const;
    [[nodiscard]] nlohmann::ordered_json describe(const Row& row) const;

    const Options& options_;
    const Port& port_;
    std::string port_line_;
    bool wrong_ = false;
    bool anything_came_ = false;
    std::uint64_t rows_ = 0;
};

}  // namespace famez::pingpong
