// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string_view>
#include <vector>

#include "route_table.h"

namespace famez::fwd {
namespace {

class RouteTableTest : public ::testing::Test {
  protected:
    RouteTableTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "famez-routes-XXXXXX";
        const int fd = ::mkstemp(pattern.data());
        EXPECT_GE(fd, 0);
        ::close(fd);
        path_ = pattern;
    }
    ~RouteTableTest() override { std::filesystem::remove(path_); }

    RouteTable load(std::string_view text) {
        std::ofstream(path_, std::ios::binary) << text;
        return RouteTable::load(path_, ports_);
    }

    // What is wrong with a file, with PATH: in front of each line removed.
    std::string error(std::string_view text) {
        try {
            load(text);
        } catch (const RouteError& wrong) {
            std::string shown = wrong.what();
            const std::string prefix = path_ + ":";
            for (auto at = shown.find(prefix); at != std::string::npos; at = shown.find(prefix))
                shown.erase(at, prefix.size());
            return shown;
        }
        return "none";
    }

    std::string path_;
    std::vector<std::string> ports_{"net_famez0", "0000:00:03.0", "net_tap0"};
};

Address port(std::uint16_t id) {
    return address_of_port(id);
}

TEST_F(RouteTableTest, ReadsAllKindsOfLines) {
    const RouteTable table = load(
        "# comment\n"
        "\n"
        "3 net_famez0\n"
        "  0x4\t1  # by number\r\n"
        "300,28 net_tap0 as 7\n"
        "02:00:00:00:00:01 0000:00:03.0 impair delay=5ms,loss=1%\n"
        "9 2 as 10 impair rate=100M\n"
        "10 2 impair rate=100M as 9\n"
        "11 drop#not any more\n"
        "12 1 impair none\n"
        "default 0 impair loss=2%");
    EXPECT_EQ(table.size(), 8U);
    EXPECT_EQ(table.find(port(3)).port, 0);
    EXPECT_FALSE(table.find(port(3)).drop);
    EXPECT_FALSE(table.find(port(3)).rewrite);
    EXPECT_EQ(table.find(port(3)).impairer, 0);
    EXPECT_EQ(table.find(port(4)).port, 1);
    const Route& component = table.find(address_of_component(300, 28));
    EXPECT_EQ(component.port, 2);
    EXPECT_TRUE(component.rewrite);
    EXPECT_EQ(component.to, port(7));
    EXPECT_EQ(table.find(make_address(2, 0, 0, 0, 0, 1)).port, 1);
    EXPECT_EQ(table.find(port(9)).to, port(10));
    EXPECT_EQ(table.find(port(10)).to, port(9));
    EXPECT_TRUE(table.find(port(11)).drop);
    EXPECT_FALSE(table.find(port(11)).unknown);
    EXPECT_EQ(table.find(port(12)).impairer, 0);
    EXPECT_EQ(&table.find(port(13)), &table.default_route());
    EXPECT_EQ(table.default_route().port, 0);
    EXPECT_FALSE(table.default_route().unknown);

    // Equal ones are wires of their own all the same.
    ASSERT_EQ(table.impairments().size(), 4U);
    const auto impairment = [&table](const Route& route) {
        return table.impairments()[route.impairer - 1U];
    };
    EXPECT_EQ(impairment(table.find(make_address(2, 0, 0, 0, 0, 1))).delay_us, 5000);
    EXPECT_EQ(impairment(table.find(port(9))).rate_bps, 100e6);
    EXPECT_EQ(impairment(table.find(port(10))).rate_bps, 100e6);
    EXPECT_NE(table.find(port(9)).impairer, table.find(port(10)).impairer);
    EXPECT_EQ(impairment(table.default_route()).loss, 0.02);
}

TEST_F(RouteTableTest, TellsWhatIsUnknownFromWhatIsDropped) {
    const RouteTable none;
    EXPECT_TRUE(none.find(port(1)).drop);
    EXPECT_TRUE(none.find(port(1)).unknown);

    const RouteTable empty = load("");
    EXPECT_EQ(empty.size(), 0U);
    EXPECT_TRUE(empty.find(0).unknown);
    EXPECT_TRUE(empty.find(address_mask).unknown);

    const RouteTable dropping = load("1 drop\ndefault drop\n");
    EXPECT_TRUE(dropping.find(port(2)).drop);
    EXPECT_FALSE(dropping.find(port(2)).unknown);
}

TEST_F(RouteTableTest, WalksInTheOrderOfTheFile) {
    const RouteTable table = load("5 1\ndefault 2\n3 drop\n4 0\n");
    ASSERT_EQ(table.routes().size(), 3U);
    EXPECT_EQ(table.routes()[0].destination, port(5));
    EXPECT_EQ(table.routes()[0].line, 1U);
    EXPECT_EQ(table.routes()[0].route.port, 1);
    EXPECT_EQ(table.routes()[1].destination, port(3));
    EXPECT_TRUE(table.routes()[1].route.drop);
    EXPECT_EQ(table.routes()[2].line, 4U);
}

TEST_F(RouteTableTest, EachMistakeHasItsLine) {
    EXPECT_EQ(error("3 net_famez0\n"
                    "4 net_famez9\n"
                    "5 3\n"
                    "6\n"
                    "x 1\n"
                    "ff:ff:ff:ff:ff:ff 1\n"
                    "01:00:5e:00:00:01 drop\n"
                    "# fine\n"
                    "3 drop\n"
                    "02:fa:3e:00:00:03 1\n"
                    "7 1 via 2\n"
                    "8 1 as\n"
                    "9 1 as y\n"
                    "10 1 impair\n"
                    "12 drop as 3\n"
                    "default\n"
                    "default drop\n"
                    "13 1 as 3 as 4\n"
                    "4 1\n"
                    "14 -1\n"),
              "2: unknown port 'net_famez9': the ports are net_famez0, 0000:00:03.0, net_tap0\n"
              "3: unknown port '3': the ports are net_famez0, 0000:00:03.0, net_tap0\n"
              "4: the port is missing: its name, its number or 'drop'\n"
              "5: bad destination 'x': it is a port's id (3), a component (300,27), an Ethernet "
              "address (02:fa:3e:00:00:03) or 'default'\n"
              "6: destination 'ff:ff:ff:ff:ff:ff' is a group address: groups have no routes\n"
              "7: destination '01:00:5e:00:00:01' is a group address: groups have no routes\n"
              "9: destination '3' (02:fa:3e:00:00:03) is in line 1 already\n"
              "10: destination '02:fa:3e:00:00:03' (02:fa:3e:00:00:03) is in line 1 already\n"
              "11: unknown word 'via': 'as' or 'impair' can follow the port\n"
              "12: an address is missing behind 'as'\n"
              "13: bad address 'y' behind 'as'\n"
              "14: a wire's description is missing behind 'impair'\n"
              "15: unknown word 'as' behind 'drop'\n"
              "16: the port is missing: its name, its number or 'drop'\n"
              "17: the default route is in line 16 already\n"
              "18: 'as' is there twice\n"
              "19: destination '4' (02:fa:3e:00:00:04) is in line 2 already\n"
              "20: unknown port '-1': the ports are net_famez0, 0000:00:03.0, net_tap0");
}

TEST_F(RouteTableTest, ABadImpairmentIsNamed) {
    const std::string shown = error("\n3 1 impair speed=3\n");
    EXPECT_TRUE(shown.starts_with("2: bad impairment 'speed=3': ")) << shown;
}

TEST_F(RouteTableTest, ShowsTwentyMistakesAndCountsTheRest) {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += "?\n";
    EXPECT_EQ(error(text).find("more"), std::string::npos);
    text += "?\n?\n?\n";
    const std::string shown = error(text);
    EXPECT_NE(shown.find("\n20: bad destination"), std::string::npos);
    EXPECT_EQ(shown.find("\n21: "), std::string::npos);
    EXPECT_TRUE(shown.ends_with("\nand 3 more")) << shown;
}

TEST_F(RouteTableTest, ShowsNothingThatHarmsATerminal) {
    EXPECT_TRUE(error("\x1b[2J 1\n").starts_with("1: bad destination '?[2J': "));
    EXPECT_EQ(error("3 1 impair \x1b[2J\n").find('\x1b'), std::string::npos);
    const std::string shown = error(std::string(1000, 'a') + "\n");
    EXPECT_TRUE(shown.starts_with("1: bad destination '" + std::string(64, 'a') + "...'")) << shown;
    EXPECT_TRUE(error(std::string("3\0 1\n", 5)).starts_with("1: bad destination '3?': "));
}

TEST_F(RouteTableTest, RefusesWhatCannotBeRead) {
    try {
        RouteTable::load("/nonexistent/routes", ports_);
        FAIL();
    } catch (const RouteError& wrong) {
        EXPECT_STREQ(wrong.what(),
                     "/nonexistent/routes: the routes cannot be read: No such file or directory");
    }
    try {
        RouteTable::load("/", ports_);
        FAIL();
    } catch (const RouteError& wrong) {
        EXPECT_STREQ(wrong.what(), "/: the routes cannot be read: Is a directory");
    }
}

TEST_F(RouteTableTest, RefusesLongLinesAndLargeFiles) {
    const std::string fits = "3 1 #" + std::string(RouteTable::max_line_bytes - 5, 'x');
    EXPECT_EQ(load(fits + "\n4 1\n").size(), 2U);
    EXPECT_EQ(error("4 1\n" + fits + "x\n5 q\n"),
              "2: longer than 4096 bytes\n"
              "3: unknown port 'q': the ports are net_famez0, 0000:00:03.0, net_tap0");
    // Holes take no room on the disk.
    load("");
    std::filesystem::resize_file(path_, RouteTable::max_file_bytes + 1);
    try {
        RouteTable::load(path_, ports_);
        FAIL();
    } catch (const RouteError& wrong) {
        EXPECT_EQ(wrong.what(), path_ + ": a file of routes has at most 64 MB");
    }
}

TEST_F(RouteTableTest, WithoutPorts) {
    ports_.clear();
    EXPECT_EQ(load("3 drop\n").size(), 1U);
    EXPECT_EQ(error("3 0\n"), "1: unknown port '0': the ports are none");
}

TEST_F(RouteTableTest, TenThousandRoutes) {
    constexpr std::uint32_t count = 10'000;
    std::string text;
    for (std::uint32_t i = 0; i < count; ++i)
        text += fmt::format("{},28 {} as {}\n", i + 1, i % 3, i);
    load(text);
    const auto start = std::chrono::steady_clock::now();
    const RouteTable table = RouteTable::load(path_, ports_);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    // Milliseconds; how many is the machine's business and its load's.
    RecordProperty("load_us", static_cast<int>(took.count() * 1e6));

    ASSERT_EQ(table.size(), count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Route& route = table.find(address_of_component(i + 1, 28));
        ASSERT_EQ(route.port, i % 3);
        ASSERT_EQ(route.to, port(static_cast<std::uint16_t>(i)));
        ASSERT_TRUE(table.find(address_of_component(i + 1, 29)).unknown);
    }
}

TEST_F(RouteTableTest, AMillionRoutesAndNotMore) {
    std::string text;
    for (std::uint32_t i = 0; i < RouteTable::max_routes; ++i)
        text += fmt::format("{},28 1\n", i);
    const RouteTable table = load(text);
    EXPECT_EQ(table.size(), RouteTable::max_routes);
    EXPECT_EQ(table.find(address_of_component(999'999, 28)).port, 1);
    EXPECT_TRUE(table.find(address_of_component(1'000'000, 28)).unknown);
    text += "3 1\n4 1\n";
    EXPECT_EQ(error(text), "1000001: a file has at most 1000000 routes: what follows was not read");
}

TEST_F(RouteTableTest, TooManyImpairments) {
    std::string text;
    for (std::size_t i = 0; i <= RouteTable::max_impaired_routes; ++i)
        text += fmt::format("{},28 1 impair loss=1%\n", i);
    EXPECT_EQ(error(text), "65536: more than 65535 routes are impaired");
}

TEST_F(RouteTableTest, FindsWhatAMapFinds) {
    std::mt19937_64 random(4);
    std::string text;
    std::vector<Address> addresses;
    for (std::uint32_t i = 0; i < 3000; ++i) {
        const Address address = random() & address_mask & ~Address{1};
        text += fmt::format("{} {}\n", to_text(address), i % 3);
        addresses.push_back(address);
    }
    const RouteTable table = load(text);
    for (std::uint32_t i = 0; i < addresses.size(); ++i) {
        ASSERT_EQ(table.find(addresses[i]).port, i % 3);
        ASSERT_FALSE(table.find(addresses[i]).unknown);
        ASSERT_TRUE(table.find(addresses[i] ^ 2).unknown);
    }
}

// The most that share one place of a half full table, of addresses as fabrics have them.
template <class Make>
std::uint32_t most_at_one_place(Make make) {
    constexpr unsigned bits = 15;
    std::vector<std::uint32_t> places(1U << bits);
    for (std::uint32_t i = 0; i < places.size() / 2; ++i)
        ++places[RouteTable::mix(make(i)) >> (64 - bits)];
    return *std::max_element(places.begin(), places.end());
}

TEST(RouteTableMix, SpreadsTheAddressesOfFabrics) {
    // Random numbers would put seven or so at the fullest place.
    EXPECT_LE(most_at_one_place([](auto i) { return port(static_cast<std::uint16_t>(i)); }), 9U);
    EXPECT_LE(most_at_one_place([](auto i) { return address_of_component(i, 28); }), 9U);
    EXPECT_LE(most_at_one_place([](auto i) { return address_of_component(100 * i, 28); }), 9U);
    EXPECT_LE(most_at_one_place([](auto i) { return address_of_component(5, i & 0xffff); }), 9U);
    EXPECT_LE(most_at_one_place([](auto i) { return Address{2} + (Address{i} << 8); }), 9U);
}

}  // namespace
}  // namespace famez::fwd
