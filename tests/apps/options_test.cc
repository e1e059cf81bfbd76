// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace famez::pingpong {
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

ParseEnd ended(const std::string& line) {
    const auto result = parse(line);
    if (std::holds_alternative<Options>(result)) {
        ADD_FAILURE() << line << " was accepted";
        return {-1, ""};
    }
    return std::get<ParseEnd>(result);
}

TEST(OptionsTest, PingHasItsDefaults) {
    const Options o = good("ping");
    EXPECT_EQ(o.role, Role::ping);
    EXPECT_EQ(o.sizes, (std::vector<SizeRange>{{64, 64}}));
    EXPECT_EQ(o.burst, 1U);
    EXPECT_EQ(o.warmup, 10000U);
    EXPECT_EQ(o.duration_s, 5.0);
    EXPECT_FALSE(o.count.has_value());
    EXPECT_FALSE(o.peer.has_value());
    EXPECT_EQ(o.format, Format::table);
    EXPECT_EQ(o.wait_s, 10.0);
}

TEST(OptionsTest, TheOtherRolesHaveTheirs) {
    EXPECT_EQ(good("tx").burst, 32U);
    EXPECT_EQ(good("tx").warmup, 0U);
    EXPECT_EQ(good("tx").duration_s, 5.0);
    EXPECT_FALSE(good("tx --count 5").duration_s.has_value());
    EXPECT_EQ(good("rx").touch, Touch::first);
    EXPECT_FALSE(good("rx").duration_s.has_value());
    EXPECT_FALSE(good("pong").duration_s.has_value());
    EXPECT_EQ(good("pong").burst, 32U);
}

TEST(OptionsTest, ReadsThemAll) {
    const Options o = good(
        "tx --port 3 --size 64,9K --burst 512 --count 100 --duration 2.5 --warmup 7 --peer 5 "
        "--verify --json --quiet --interval 0.5 --mtu 9202 --mbufs 5000 --mbuf-size 4096 "
        "--wait 0 --exit-on-link-down");
    EXPECT_EQ(o.port, 3);
    EXPECT_EQ(o.sizes.size(), 2U);
    EXPECT_EQ(o.burst, 512U);
    EXPECT_EQ(o.count, 100U);
    EXPECT_EQ(o.duration_s, 2.5);
    EXPECT_EQ(o.warmup, 7U);
    EXPECT_EQ(o.peer, Peer{std::uint16_t{5}});
    EXPECT_TRUE(o.verify);
    EXPECT_EQ(o.format, Format::json);
    EXPECT_TRUE(o.quiet);
    EXPECT_EQ(o.interval_s, 0.5);
    EXPECT_EQ(o.mtu, 9202U);
    EXPECT_EQ(o.mbufs, 5000U);
    EXPECT_EQ(o.mbuf_size, 4096U);
    EXPECT_EQ(o.wait_s, 0.0);
    EXPECT_TRUE(o.exit_on_link_down);
    EXPECT_EQ(o.largest_frame(), 9216U);
    EXPECT_EQ(good("rx --touch all --csv --stay").touch, Touch::all);
}

TEST(OptionsTest, Rates) {
    EXPECT_FALSE(good("tx").rate.has_value());
    EXPECT_EQ(good("tx --rate 5").rate, 5U);
    EXPECT_EQ(good("tx --rate 20K").rate, 20000U);
    EXPECT_EQ(good("ping --rate 3m").rate, 3000000U);
    // A tenth of a second to warm up.
    EXPECT_EQ(good("ping --rate 1K").warmup, 100U);
    EXPECT_EQ(good("ping --rate 5").warmup, 0U);
    EXPECT_EQ(good("ping --rate 1M").warmup, 10000U);
    EXPECT_EQ(good("ping --rate 1K --warmup 7").warmup, 7U);
    for (const char* line : {"rx --rate 5", "pong --rate 5", "tx --rate 0", "tx --rate 2G",
                             "tx --rate x", "tx --rate 9999M", "tx --rate"}) {
        EXPECT_EQ(ended(line).status, exit_usage) << line;
    }
}

TEST(OptionsTest, Sleep) {
    EXPECT_FALSE(good("rx").idle_us.has_value());
    EXPECT_EQ(good("rx --idle-us 50").idle_us, 50.0);
    EXPECT_EQ(good("pong --idle-us 0").idle_us, 0.0);
    EXPECT_EQ(good("ping --idle-us 0.5").idle_us, 0.5);
    EXPECT_EQ(good("tx --idle-us 5 --rate 5").idle_us, 5.0);
    for (const char* line : {"tx --idle-us 50", "rx --idle-us -1", "rx --idle-us x"}) {
        EXPECT_EQ(ended(line).status, exit_usage) << line;
    }
}

TEST(OptionsTest, SeveralQueues) {
    EXPECT_EQ(good("tx").queues, 1U);
    EXPECT_EQ(good("tx --queues 4").queues, 4U);
    EXPECT_EQ(good("rx --queues 64").queues, 64U);
    EXPECT_EQ(good("tx --size 22 --queues 2").queues, 2U);
    for (const char* wrong :
         {"ping --queues 2", "pong --queues 2", "tx --queues 0", "tx --queues 65",
          "tx --queues 2 --wait 0", "tx --queues 2 --size 21", "rx --api fabric --queues 2"}) {
        EXPECT_EQ(ended(wrong).status, exit_usage) << wrong;
    }
}

TEST(OptionsTest, HistogramsAreOfRoundTrips) {
    EXPECT_EQ(good("ping --hist a.hgrm").histogram_file, "a.hgrm");
    for (const char* role : {"pong", "tx", "rx"}) {
        EXPECT_EQ(ended(std::string(role) + " --hist a.hgrm").status, exit_usage) << role;
    }
}

TEST(OptionsTest, TheFabricsOwnApi) {
    EXPECT_EQ(good("tx").api, Api::ethdev);
    EXPECT_EQ(good("tx --api ethdev").api, Api::ethdev);
    const Options o =
        good("tx --api fabric --socket /tmp/s --cpu 3 --peer 2 --size 64-1M --rate 5 --idle-us 5");
    EXPECT_EQ(o.api, Api::fabric);
    EXPECT_EQ(o.socket, "/tmp/s");
    EXPECT_EQ(o.cpu, 3U);
    EXPECT_EQ(o.peer, Peer{std::uint16_t{2}});
    EXPECT_EQ(o.largest_frame(), 1U << 20);
    EXPECT_EQ(good("rx --api fabric").socket, "/tmp/ivshmsg_socket");
    EXPECT_FALSE(good("rx --api fabric").cpu.has_value());
    EXPECT_EQ(good("tx --api fabric --size 8M").largest_frame(), max_message);
    EXPECT_EQ(good("tx --api fabric --peer broadcast").peer, Peer{broadcast_address});
    EXPECT_EQ(good("tx --api fabric --peer 02:fa:3e:05:00:07").peer, Peer{fabric_address(5, 7)});
}

TEST(OptionsTest, OptionsOfTheOtherApiAreMistakes) {
    for (const char* option : {"--port 0", "--mtu 1500", "--mbufs 4096", "--mbuf-size 2048"}) {
        const ParseEnd end = ended(std::string("tx --api fabric ") + option);
        EXPECT_EQ(end.status, exit_usage) << option;
        EXPECT_NE(end.text.find("--api fabric"), std::string::npos) << option;
    }
    for (const char* line :
         {"tx --socket /tmp/s", "tx --cpu 1", "tx --size 128K", "tx --api fabric --cpu 1024",
          "tx --api fabric --size 9M", "tx --api fabric --peer 02:00:00:00:00:01",
          "tx --api fabric --peer 0", "tx --api memif"}) {
        EXPECT_EQ(ended(line).status, exit_usage) << line;
    }
}

TEST(OptionsTest, MistakesAreUsageErrorsThatSayWhere) {
    EXPECT_EQ(ended("").status, exit_usage);
    for (const char* line :
         {"sing", "0", "ping pong", "ping --size 3", "ping --size", "tx --burst 513",
          "tx --burst 0", "tx --count 0", "tx --count x", "tx --duration -1", "rx --touch some",
          "tx --json --csv", "tx --peer nobody", "tx --mtu 100 --size 1500", "rx --size 64,128",
          "tx --nonsense", "tx --port 70000"}) {
        const ParseEnd end = ended(line);
        EXPECT_EQ(end.status, exit_usage) << line;
        EXPECT_NE(end.text.find("--help"), std::string::npos) << line;
    }
    EXPECT_NE(ended("ping --size 3").text.find("--size"), std::string::npos);
    EXPECT_NE(ended("tx --peer nobody").text.find("--peer"), std::string::npos);
}

TEST(OptionsTest, HelpTellsEveryOption) {
    const ParseEnd end = ended("--help");
    EXPECT_EQ(end.status, 0);
    for (const char* word : {"--port",     "--size",
                             "--burst",    "--count",
                             "--duration", "--warmup",
                             "--peer",     "--rate",
                             "--idle-us",  "--hist",
                             "--verify",   "--json",
                             "--csv",      "--quiet",
                             "--interval", "--mtu",
                             "--mbufs",    "--mbuf-size",
                             "--touch",    "--wait",
                             "--stay",     "--exit-on-link-down",
                             "--api",      "--socket",
                             "--cpu",      "--ring-size",
                             "--queues",   "TX queue",
                             "--version",  "EXAMPLES",
                             "net_famez",  "net_memif",
                             "EXIT STATUS"}) {
        EXPECT_NE(end.text.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(ended("ping --help").status, 0);
    EXPECT_EQ(ended("--version").status, 0);
}

TEST(OptionsTest, Peers) {
    EXPECT_EQ(parse_peer("broadcast"), Peer{broadcast_address});
    EXPECT_EQ(parse_peer("any"), std::nullopt);
    EXPECT_EQ(parse_peer("1"), Peer{std::uint16_t{1}});
    EXPECT_EQ(parse_peer("65535"), Peer{std::uint16_t{65535}});
    EXPECT_EQ(parse_peer("02:fa:3E:00:00:0a"), Peer{fabric_address(0, 10)});
    for (const char* text : {"", "65536", "-1", "02:fa:3e:00:00", "02:fa:3e:00:00:01:02",
                             "02-fa-3e-00-00-01", "2:100:0:0:0:0", "02:fa:3e:00:00:", "1 "}) {
        EXPECT_THROW(parse_peer(text), std::invalid_argument) << text;
    }
}

}  // namespace
}  // namespace famez::pingpong
