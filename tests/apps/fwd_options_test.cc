// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <sstream>

#include "options.h"

namespace famez::fwd {
namespace {

std::variant<Options, ParseEnd> parse(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> arguments;
    for (std::string word; words >> word;)
        arguments.push_back(word);
    return parse_options(arguments);
}

Options good(const std::string& line) {
    const auto result = parse(line);
    if (const auto* end = std::get_if<ParseEnd>(&result)) {
        ADD_FAILURE() << line << ": " << end->text;
        return {};
    }
    return std::get<Options>(result);
}

// The mistake's text, which is to name `told`.
void bad(const std::string& line, const std::string& told) {
    const auto result = parse(line);
    const auto* end = std::get_if<ParseEnd>(&result);
    ASSERT_NE(end, nullptr) << line << " was accepted";
    EXPECT_EQ(end->status, exit_usage) << line;
    EXPECT_NE(end->text.find(told), std::string::npos) << line << ": " << end->text;
    EXPECT_NE(end->text.find("--help"), std::string::npos) << line << ": " << end->text;
}

TEST(FwdOptionsTest, Defaults) {
    const Options o = good("");
    EXPECT_EQ(o.mode, Mode::bridge);
    EXPECT_TRUE(o.ports.empty());
    EXPECT_TRUE(o.cores.empty());
    EXPECT_EQ(o.burst, 32U);
    EXPECT_EQ(o.when_full, WhenFull::wait);
    EXPECT_FALSE(o.idle_us.has_value());
    EXPECT_EQ(o.flood_rate, 100'000U);
    EXPECT_TRUE(o.promiscuous);
    EXPECT_TRUE(o.capture);
    EXPECT_FALSE(o.duration_s.has_value());
    EXPECT_FALSE(o.json);
}

TEST(FwdOptionsTest, ReadsThemAll) {
    const Options o = good(
        "--mode route --port net_famez0 --port net_famez1 --cores 1-3,6 --burst 64 --drain-us 50 "
        "--full drop --stall-ms 20 --idle-us 50 --rx-queues 2 --table-size 100 --ageing 1.5 "
        "--flood-rate 5K --routes r.txt --impair 1:delay=5ms --seed 18446744073709551615 "
        "--mtu 9000 --mbufs 4096 --no-promiscuous --no-capture --duration 2.5 --interval 0.5 "
        "--json --quiet");
    EXPECT_EQ(o.mode, Mode::route);
    ASSERT_EQ(o.ports.size(), 2U);
    EXPECT_EQ(o.ports[0].device, "net_famez0");
    EXPECT_FALSE(o.ports[0].impairment.any());
    EXPECT_EQ(o.ports[1].impairment.delay_us, 5000);
    EXPECT_EQ(o.cores, (std::vector<unsigned>{1, 2, 3, 6}));
    EXPECT_EQ(o.burst, 64U);
    EXPECT_EQ(o.drain_us, 50);
    EXPECT_EQ(o.when_full, WhenFull::drop);
    EXPECT_EQ(o.stall_ms, 20);
    EXPECT_EQ(o.idle_us, 50);
    EXPECT_EQ(o.rx_queues, 2U);
    EXPECT_EQ(o.table_size, 100U);
    EXPECT_EQ(o.ageing_s, 1.5);
    EXPECT_EQ(o.flood_rate, 5000U);
    EXPECT_EQ(o.routes, "r.txt");
    EXPECT_EQ(o.seed, 18446744073709551615U);
    EXPECT_EQ(o.mtu, 9000U);
    EXPECT_EQ(o.mbufs, 4096U);
    EXPECT_FALSE(o.promiscuous);
    EXPECT_FALSE(o.capture);
    EXPECT_EQ(o.duration_s, 2.5);
    EXPECT_EQ(o.interval_s, 0.5);
    EXPECT_TRUE(o.json);
    EXPECT_TRUE(o.quiet);
}

TEST(FwdOptionsTest, Modes) {
    for (const Mode mode : {Mode::io, Mode::macswap, Mode::bridge, Mode::hub}) {
        EXPECT_EQ(good(std::string("--mode ") + to_string(mode)).mode, mode);
    }
    EXPECT_STREQ(to_string(Mode::bridge), "switch");
    bad("--mode bridge", "--mode");
    bad("--mode route", "--routes");
    bad("--routes r.txt", "--mode route");
    bad("--mode hub --routes r.txt", "--mode hub");
}

TEST(FwdOptionsTest, PairsOfPortsAreEven) {
    EXPECT_EQ(good("--mode io --port a").ports.size(), 1U);
    EXPECT_EQ(good("--mode io --port a --port b").ports.size(), 2U);
    EXPECT_EQ(good("--mode switch --port a --port b --port c").ports.size(), 3U);
    bad("--mode io --port a --port b --port c", "--mode io");
    bad("--mode macswap --port a --port b --port c", "pairs");
}

TEST(FwdOptionsTest, PortsAreDevices) {
    const Options o = good("--port 03:00.0 --port 0000:00:0A.1 --port net_tap0,iface=x,mac=fixed");
    ASSERT_EQ(o.ports.size(), 3U);
    EXPECT_EQ(o.ports[0].device, "0000:03:00.0");
    EXPECT_EQ(o.ports[1].device, "0000:00:0a.1");
    EXPECT_EQ(o.ports[2].device, "net_tap0");
    EXPECT_EQ(o.ports[2].devargs, "iface=x,mac=fixed");
    bad("--port net_a --port net_a", "given twice");
    bad("--port 03:00.0 --port 0000:03:00.0", "given twice");
    bad("--port socket=/tmp/a", "--port");
    bad("--port", "--port");
    std::string many;
    for (int i = 0; i < 33; ++i)
        many += " --port net_null" + std::to_string(i);
    bad(many, "32");
}

TEST(FwdOptionsTest, ImpairmentsAreOfPorts) {
    const Options o = good(
        "--port net_famez0 --port 0000:00:03.0 --impair 0000:00:03.0:loss=1% "
        "--impair net_famez0:rate=1M");
    EXPECT_EQ(o.ports[0].impairment.rate_bps, 1e6);
    EXPECT_EQ(o.ports[1].impairment.loss, 0.01);
    bad("--impair 0:loss=1%", "--port");
    bad("--port a --impair 1:loss=1%", "'1'");
    bad("--port a --impair b:loss=1%", "no port b");
    bad("--port a --impair loss=1%", "PORT:SPEC");
    bad("--port a --impair :loss=1%", "PORT:SPEC");
    bad("--port a --impair a:", "--impair");
    bad("--port a --impair a:loss=2", "loss");
    bad("--port a --impair a:loss=1% --impair 0:delay=1ms", "already");
}

TEST(FwdOptionsTest, Cores) {
    EXPECT_EQ(good("--cores 1").cores, std::vector<unsigned>{1});
    EXPECT_EQ(good("--cores 2,1").cores, (std::vector<unsigned>{2, 1}));
    for (const char* list :
         {"", "-1", "1-", "3-1", "1,1", "1-3,2", "1,,2", "x", "1024", "1,", "-"}) {
        bad(std::string("--cores=") + list, "--cores");
    }
}

TEST(FwdOptionsTest, FloodRates) {
    EXPECT_EQ(good("--flood-rate off").flood_rate, 0U);
    EXPECT_EQ(good("--flood-rate 7").flood_rate, 7U);
    EXPECT_EQ(good("--flood-rate 2m").flood_rate, 2'000'000U);
    EXPECT_EQ(good("--flood-rate 1000M").flood_rate, 1'000'000'000U);
    for (const char* rate : {"0", "-1", "1001M", "K", "1G", "1.5K", "99999999999999999999"}) {
        bad(std::string("--flood-rate ") + rate, "--flood-rate");
    }
}

TEST(FwdOptionsTest, NumbersHaveBounds) {
    for (const char* line : {"--burst 0",
                             "--burst 513",
                             "--burst -1",
                             "--burst 4294967297",
                             "--burst 1.5",
                             "--burst 0x10",
                             "--drain-us -1",
                             "--drain-us nan",
                             "--stall-ms inf",
                             "--idle-us -0.1",
                             "--rx-queues 0",
                             "--table-size 0",
                             "--table-size 16777217",
                             "--ageing 0",
                             "--ageing -5",
                             "--seed -1",
                             "--mtu 67",
                             "--mtu 65536",
                             "--mbufs 1",
                             "--duration 0",
                             "--duration x",
                             "--interval 0",
                             "--full maybe"}) {
        bad(line, std::string(line).substr(0, std::string(line).find(' ')));
    }
    EXPECT_EQ(good("--seed 010").seed, 10U);
    EXPECT_EQ(good("--idle-us 0").idle_us, 0.0);
}

TEST(FwdOptionsTest, MistakesAreUsageErrors) {
    bad("--nonsense", "--nonsense");
    bad("net_famez0", "net_famez0");
    bad("--burst 1 --burst 2", "--burst");
    bad("--port a b", "b");
}

TEST(FwdOptionsTest, HelpAndVersion) {
    const auto help = parse("--help");
    ASSERT_TRUE(std::holds_alternative<ParseEnd>(help));
    EXPECT_EQ(std::get<ParseEnd>(help).status, 0);
    const std::string& text = std::get<ParseEnd>(help).text;
    for (const char* word :
         {"--mode",     "--port",       "--cores",          "--burst",       "--drain-us",
          "--full",     "--stall-ms",   "--idle-us",        "--rx-queues",   "--table-size",
          "--ageing",   "--flood-rate", "--routes",         "--impair",      "--seed",
          "--mtu",      "--mbufs",      "--no-promiscuous", "--no-capture",  "--duration",
          "--interval", "--json",       "--quiet",          "--config",      "--version",
          "EXAMPLES",   "EXIT STATUS",  "IMPAIRMENTS",      "CONFIGURATION", "reorder-by",
          "--no-quiet"}) {
        EXPECT_NE(text.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(text.find("{false}"), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), 100U) << line;
    EXPECT_EQ(std::get<ParseEnd>(parse("-V")).status, 0);
}

TEST(FwdOptionsTest, KnowsItsOwn) {
    EXPECT_TRUE(is_option("--mode"));
    EXPECT_TRUE(is_option("--mode=hub"));
    EXPECT_TRUE(is_option("--no-capture"));
    EXPECT_TRUE(is_option("--config"));
    for (const char* word :
         {"-l", "--vdev=net_famez0", "--in-memory", "-d", "0", "mode", "", "-"}) {
        EXPECT_FALSE(is_option(word)) << word;
    }
}

}  // namespace
}  // namespace famez::fwd
