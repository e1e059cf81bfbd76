// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config_file.h"
#include "options.h"

namespace famez::fwd {
namespace {

class FwdConfigFileTest : public testing::Test {
  protected:
    FwdConfigFileTest() {
        std::string name = (std::filesystem::temp_directory_path() / "fwd_config_XXXXXX").string();
        directory_ = mkdtemp(name.data());
        path_ = directory_ / "fwd.toml";
    }
    ~FwdConfigFileTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    void write(const std::string& contents) const { std::ofstream(path_) << contents; }

    Options good(const std::string& contents) const {
        write(contents);
        Options options;
        try {
            read_config_file(path_, options);
        } catch (const ConfigError& error) {
            ADD_FAILURE() << error.what();
        }
        return options;
    }
    // The mistakes, with "FILE" for the file's name.
    std::string mistakes(const std::string& contents) const {
        write(contents);
        Options options;
        options.burst = 7;
        try {
            read_config_file(path_, options);
        } catch (const ConfigError& error) {
            EXPECT_EQ(options.burst, 7U) << "something is set in spite of mistakes";
            std::string text = error.what();
            for (std::size_t at; (at = text.find(path_.string())) != std::string::npos;)
                text.replace(at, path_.string().size(), "FILE");
            return text;
        }
        ADD_FAILURE() << contents << " was accepted";
        return "";
    }
    Options with(std::vector<std::string> words) const {
        words.insert(words.begin(), {"--config", path_.string()});
        const auto parsed = parse_options(words);
        if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
            ADD_FAILURE() << end->text;
            return {};
        }
        return std::get<Options>(parsed);
    }

    std::filesystem::path directory_;
    std::filesystem::path path_;
};

TEST_F(FwdConfigFileTest, ReadsAllKeys) {
    const Options o = good(R"(
        mode = "route"
        routes = "routes.txt"
        cores = [1, 2]
        eal = ["-l", "0-2"]
        burst = 64
        drain-us = 2.5
        full = "drop"
        stall-ms = 20
        idle-us = 50
        rx-queues = 2
        table-size = 100
        ageing = 1.5
        flood-rate = "off"
        seed = 9223372036854775807
        mtu = 9000
        mbufs = 4096
        promiscuous = false
        capture = false
        duration = 2
        interval = 0.5
        json = true
        quiet = true
        [[port]]
        device = "net_famez0"
        devargs = "socket=/tmp/a,peer=2"
        [[port]]
        device = "00:03.0"
        impair = "delay=5ms"
    )");
    EXPECT_EQ(o.mode, Mode::route);
    EXPECT_EQ(o.routes, (directory_ / "routes.txt").string());
    EXPECT_EQ(o.cores, (std::vector<unsigned>{1, 2}));
    EXPECT_EQ(o.eal, (std::vector<std::string>{"-l", "0-2"}));
    EXPECT_EQ(o.burst, 64U);
    EXPECT_EQ(o.drain_us, 2.5);
    EXPECT_EQ(o.when_full, WhenFull::drop);
    EXPECT_EQ(o.stall_ms, 20);
    EXPECT_EQ(o.idle_us, 50);
    EXPECT_EQ(o.rx_queues, 2U);
    EXPECT_EQ(o.table_size, 100U);
    EXPECT_EQ(o.ageing_s, 1.5);
    EXPECT_EQ(o.flood_rate, 0U);
    EXPECT_EQ(o.seed, 9223372036854775807U);
    EXPECT_EQ(o.mtu, 9000U);
    EXPECT_EQ(o.mbufs, 4096U);
    EXPECT_FALSE(o.promiscuous);
    EXPECT_FALSE(o.capture);
    EXPECT_EQ(o.duration_s, 2);
    EXPECT_EQ(o.interval_s, 0.5);
    EXPECT_TRUE(o.json);
    EXPECT_TRUE(o.quiet);
    ASSERT_EQ(o.ports.size(), 2U);
    EXPECT_EQ(o.ports[0].device, "net_famez0");
    EXPECT_EQ(o.ports[0].devargs, "socket=/tmp/a,peer=2");
    EXPECT_EQ(o.ports[1].device, "0000:00:03.0");
    EXPECT_EQ(o.ports[1].impairment.delay_us, 5000);
}

TEST_F(FwdConfigFileTest, OtherForms) {
    EXPECT_EQ(good("").mode, Mode::bridge);
    EXPECT_EQ(good("flood-rate = 5").flood_rate, 5U);
    EXPECT_EQ(good("flood-rate = \"2M\"").flood_rate, 2'000'000U);
    EXPECT_EQ(good("cores = \"1-3\"").cores, (std::vector<unsigned>{1, 2, 3}));
    EXPECT_EQ(good("routes = \"/etc/routes\"").routes, "/etc/routes");
}

TEST_F(FwdConfigFileTest, EachMistakeHasItsLine) {
    EXPECT_EQ(mistakes("mode = \"bridge\"\n"
                       "brust = 3\n"
                       "burst = 513\n"
                       "json = 1\n"
                       "# nothing here\n"
                       "idle-us = -1\n"
                       "whatever = 1\n"
                       "cores = [1,\n"
                       "  \"x\",\n"
                       "  1]\n"
                       "[[port]]\n"
                       "device = \"net_famez0\"\n"
                       "impair = \"loss=2\"\n"
                       "[[port]]\n"
                       "devarg = \"socket=/tmp/a\"\n"),
              "FILE:1: mode: 'bridge' is none of io, macswap, switch, route and hub\n"
              "FILE:2: brust: there is no such key; is it burst?\n"
              "FILE:3: burst: 513 is not a whole number from 1 to 512\n"
              "FILE:4: json: is to be true or false\n"
              "FILE:6: idle-us: -1 is not a number from 0 to 60000000\n"
              "FILE:7: whatever: there is no such key\n"
              "FILE:9: cores: is to be a whole number from 0 to 1023\n"
              "FILE:10: cores: 1 is given twice\n"
              "FILE:13: impair: loss: '2' is not a part of the frames, from 0 to 1 or 0% to 100%: "
              "1%, 0.01\n"
              "FILE:14: port: has no device: device = \"net_famez0\"\n"
              "FILE:15: devarg: there is no such key; is it devargs?");
}

TEST_F(FwdConfigFileTest, Values) {
    for (const auto& [line, told] :
         {std::pair("burst = \"32\"", "whole number"),
          std::pair("burst = 1.5", "whole number"),
          std::pair("burst = -1", "-1"),
          std::pair("burst = 4294967297", "4294967297"),
          std::pair("seed = -1", "-1"),
          std::pair("drain-us = nan", "nan"),
          std::pair("drain-us = true", "number"),
          std::pair("ageing = 0", "ageing"),
          std::pair("mode = 3", "string"),
          std::pair("full = \"no\"", "full"),
          std::pair("flood-rate = 0", "flood-rate"),
          std::pair("flood-rate = \"x\"", "off"),
          std::pair("cores = 1", "list"),
          std::pair("cores = \"1,1\"", "twice"),
          std::pair("cores = [-1]", "-1"),
          std::pair("eal = \"-l 0\"", "list"),
          std::pair("eal = [\"-l\", 0]", "string"),
          std::pair("eal = [\"--\"]", "'--'"),
          std::pair("routes = \"\"", "routes"),
          std::pair("drain_us = 1", "drain-us"),
          std::pair("[port]\ndevice = \"a\"", "[[port]]"),
          std::pair("port = [1]", "[[port]]"),
          std::pair("port = \"net_famez0\"", "[[port]]"),
          std::pair("[[port]]\ndevice = \"a b\"", "FILE:2: device"),
          std::pair("[[port]]\ndevice = 3", "FILE:2: device"),
          std::pair("[[port]]\ndevice = \"a\"\n[[port]]\ndevice = \"a\"", "FILE:3: port: device a"),
          std::pair("burst = 1\nburst = 2", "FILE:2:"),
          std::pair("burst =", "FILE:1:"),
          std::pair("burst = 3\n\n[[port", "FILE:3:")}) {
        const std::string text = mistakes(line);
        EXPECT_TRUE(text.starts_with("FILE:")) << line << ": " << text;
        EXPECT_NE(text.find(told), std::string::npos) << line << ": " << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << line << ": " << text;
    }
}

TEST_F(FwdConfigFileTest, FilesThatCannotBeRead) {
    Options options;
    EXPECT_THROW(read_config_file(directory_ / "none.toml", options), ConfigError);
    EXPECT_THROW(read_config_file(directory_, options), ConfigError);
    const auto parsed = parse_options({"--config", directory_ / "none.toml"});
    ASSERT_TRUE(std::holds_alternative<ParseEnd>(parsed));
    EXPECT_EQ(std::get<ParseEnd>(parsed).status, exit_usage);
    EXPECT_NE(std::get<ParseEnd>(parsed).text.find("No such file"), std::string::npos);
    EXPECT_TRUE(std::holds_alternative<ParseEnd>(parse_options({"--config", ""})));
}

TEST_F(FwdConfigFileTest, TheCommandLineCountsMore) {
    write(
        "mode = \"route\"\nroutes = \"r\"\nburst = 8\njson = true\ncapture = false\nidle-us = 5\n"
        "[[port]]\ndevice = \"net_a0\"\ndevargs = \"x=1\"\nimpair = \"loss=1%\"\n"
        "[[port]]\ndevice = \"net_b0\"\n");
    Options o = with({});
    EXPECT_EQ(o.mode, Mode::route);
    EXPECT_EQ(o.burst, 8U);
    EXPECT_EQ(o.ports.size(), 2U);
    o = with({"--burst", "9", "--no-json", "--capture", "--mode", "hub"});
    EXPECT_EQ(o.burst, 9U);
    EXPECT_FALSE(o.json);
    EXPECT_TRUE(o.capture);
    EXPECT_EQ(o.idle_us, 5);
    EXPECT_EQ(o.mode, Mode::hub);
    EXPECT_EQ(o.routes, "") << "of the mode that is replaced";
    EXPECT_EQ(with({"--routes", "s"}).routes, "s");
    o = with({"--impair", "0:none", "--impair", "net_b0:delay=1ms"});
    EXPECT_FALSE(o.ports[0].impairment.any());
    EXPECT_EQ(o.ports[1].impairment.delay_us, 1000);
}

TEST_F(FwdConfigFileTest, PortsOfTheCommandLineReplaceTheFiles) {
    write(
        "[[port]]\ndevice = \"net_a0\"\ndevargs = \"x=1\"\nimpair = \"loss=1%\"\n"
        "[[port]]\ndevice = \"net_b0\"\ndevargs = \"y=1\"\n");
    const Options o = with({"--port", "net_c0", "--port", "net_b0,y=2", "--port", "net_a0"});
    ASSERT_EQ(o.ports.size(), 3U);
    EXPECT_EQ(o.ports[0].device, "net_c0");
    EXPECT_EQ(o.ports[1].devargs, "y=2");
    EXPECT_EQ(o.ports[2].devargs, "x=1");
    EXPECT_EQ(o.ports[2].impairment.loss, 0.01);
}

}  // namespace
}  // namespace famez::fwd
