// SPDX-License-Identifier: BSD-3-Clause
#include "view.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <iterator>
#include <string>

#include "rates.h"

namespace famez::fwd {
namespace {

using Json = nlohmann::ordered_json;

// Nobody may be reading: fmt::print would throw.
void put(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

std::string count_of(double number) {
    if (number >= 1e6) return fmt::format("{:.2f} M", number / 1e6);
    if (number >= 1e4) return fmt::format("{:.1f} K", number / 1e3);
    return fmt::format("{:.0f}", number);
}

std::string drops_by_reason(const Totals& totals) {
    std::string text;
    for (std::size_t i = 0; i < drop_reasons; ++i) {
        if (totals.drops[i] == 0) continue;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", to_string(static_cast<Drop>(i)),
                            totals.drops[i]);
    }
    return text;
}

// The sum that says whether everything is accounted for.
std::string sum_line(const Totals& all) {
    const std::string reasons = drops_by_reason(all);
    return fmt::format("in {} + copies {} = out {} + dropped {}{}\n", all.received, all.copies,
                       all.sent, all.dropped(), reasons.empty() ? "" : " (" + reasons + ")");
}

std::string tables_line(const Snapshot& now) {
    std::string text = fmt::format("{:.0f} s", now.seconds);
    if (now.addresses != 0) text += fmt::format(", {} addresses", now.addresses);
    if (now.routes != 0) text += fmt::format(", {} routes", now.routes);
    if (now.sleeps != 0) text += fmt::format(", {} sleeps", now.sleeps);
    return text;
}

class TextView : public View {
  public:
    void sum_up(const Snapshot& end) override {
        std::string text = "\n";
        text += fmt::format("{:>4}  {:<20} {:>15} {:>15} {:>13}\n", "port", "device", "received",
                            "sent", "dropped");
        for (std::size_t i = 0; i < end.ports.size(); ++i) {
            const PortSnapshot& port = end.ports[i];
            const std::string reasons = drops_by_reason(port.totals);
            text += fmt::format("{:>4}  {:<20} {:>15} {:>15} {:>13}{}\n", i, port.name,
                                port.totals.received, port.totals.sent, port.totals.dropped(),
                                reasons.empty() ? "" : "  " + reasons);
        }
        put(text + sum_line(end.totals()) + tables_line(end) + "\n");
    }
};

// A table that is drawn over the last one.
class TerminalView final : public TextView {
  public:
    void show(const Snapshot& before, const Snapshot& now) override {
        std::string text;
        if (lines_ != 0) text += fmt::format("\x1b[{}A", lines_);
        text += fmt::format("{:>4}  {:<20} {:<5}{:>11}{:>11}{:>11}{:>11}{:>11}\x1b[K\n", "port",
                            "device", "link", "in/s", "Gb/s in", "out/s", "Gb/s out", "drops/s");
        for (std::size_t i = 0; i < now.ports.size(); ++i) {
            const Rates rates = rates_of(before, now, i);
            text += fmt::format("{:>4}  {:<20} {:<5}{:>11}{:>11.2f}{:>11}{:>11.2f}{:>11}\x1b[K\n",
                                i, now.ports[i].name, now.ports[i].link_up ? "up" : "down",
                                count_of(rates.received), rates.rx_bits / 1e9, count_of(rates.sent),
                                rates.tx_bits / 1e9, count_of(rates.dropped));
        }
        text += tables_line(now) + "\x1b[K\n";
        lines_ = now.ports.size() + 2;
        put(text);
    }

  private:
    std::size_t lines_ = 0;
};

class LineView final : public TextView {
  public:
    void show(const Snapshot& before, const Snapshot& now) override {
        Rates all;
        for (std::size_t i = 0; i < now.ports.size(); ++i)
            all.add(rates_of(before, now, i));
        put(fmt::format("{}: in {}/s, {:.2f} Gb/s; out {}/s, {:.2f} Gb/s; dropped {}/s\n",
                        tables_line(now), count_of(all.received), all.rx_bits / 1e9,
                        count_of(all.sent), all.tx_bits / 1e9, count_of(all.dropped)));
    }
};

class QuietView final : public TextView {
  public:
    void show(const Snapshot& /*before*/, const Snapshot& /*now*/) override {}
};

// An object a line.
class JsonView final : public View {
  public:
    explicit JsonView(bool quiet) : quiet_(quiet) {}

    void show(const Snapshot& before, const Snapshot& now) override {
        if (!quiet_) put(text_of("interval", before, now));
    }
    void sum_up(const Snapshot& end) override {
        Snapshot start;
        start.ports.resize(end.ports.size());
        put(text_of("summary", start, end));
    }

  private:
    static Json port_of(const Snapshot& before, const Snapshot& now, std::size_t i) {
        const PortSnapshot& port = now.ports[i];
        const Rates rates = rates_of(before, now, i);
        Json json = {{"port", i},
                     {"device", port.name},
                     {"driver", port.driver},
                     {"link", port.link_up ? "up" : "down"}};
        json.update(totals_of(port.totals));
        json["rx_bytes"] = port.rx_bytes;
        json["tx_bytes"] = port.tx_bytes;
        json["rx_missed"] = port.rx_missed;
        json["rx_no_buffer"] = port.rx_no_buffer;
        json["rates"] = {{"in_per_s", rates.received},
                         {"out_per_s", rates.sent},
                         {"dropped_per_s", rates.dropped},
                         {"in_bit_per_s", rates.rx_bits},
                         {"out_bit_per_s", rates.tx_bits}};
        return json;
    }
    static Json totals_of(const Totals& totals) {
        Json drops = Json::object();
        for (std::size_t i = 0; i < drop_reasons; ++i) {
            if (totals.drops[i] != 0) drops[to_string(static_cast<Drop>(i))] = totals.drops[i];
        }
        return {{"in", totals.received}, {"copies", totals.copies},     {"flooded", totals.flooded},
                {"out", totals.sent},    {"dropped", totals.dropped()}, {"drops", drops}};
    }
    static std::string text_of(const char* kind, const Snapshot& before, const Snapshot& now) {
        Json json = {{"kind", kind}, {"seconds", now.seconds}};
        json.update(totals_of(now.totals()));
        json["addresses"] = now.addresses;
        json["address_moves"] = now.address_moves;
        json["addresses_refused"] = now.addresses_refused;
        json["routes"] = now.routes;
        json["sleeps"] = now.sleeps;
        json["ports"] = Json::array();
        for (std::size_t i = 0; i < now.ports.size(); ++i)
            json["ports"].push_back(port_of(before, now, i));
        return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }

    const bool quiet_;
};

}  // namespace

std::unique_ptr<View> make_view(const Options& options) {
    if (options.json) return std::make_unique<JsonView>(options.quiet);
    if (options.quiet) return std::make_unique<QuietView>();
    if (isatty(STDOUT_FILENO) != 0) return std::make_unique<TerminalView>();
    return std::make_unique<LineView>();
}

}  // namespace famez::fwd
