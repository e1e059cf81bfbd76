// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "eal_words.h"

namespace famez::fwd {
namespace {

using Words = std::vector<std::string>;

std::variant<CommandLine, ParseEnd> parse(const std::string& line) {
    std::istringstream stream("famez_fwd " + line);
    Words words;
    for (std::string word; stream >> word;)
        words.push_back(word);
    std::vector<const char*> argv;
    argv.reserve(words.size());
    for (const std::string& word : words)
        argv.push_back(word.c_str());
    return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

// EAL's words, with the program's name, joined by blanks, and the mode.
std::pair<std::string, Mode> good(const std::string& line) {
    const auto parsed = parse(line);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
        ADD_FAILURE() << line << ": " << end->text;
        return {};
    }
    const auto& result = std::get<CommandLine>(parsed);
    std::string eal;
    for (const std::string& word : result.eal)
        eal += eal.empty() ? word : " " + word;
    return {eal, result.options.mode};
}

ParseEnd ended(const std::string& line) {
    const auto parsed = parse(line);
    if (std::holds_alternative<CommandLine>(parsed)) {
        ADD_FAILURE() << line << " was accepted";
        return {-1, ""};
    }
    return std::get<ParseEnd>(parsed);
}

TEST(FwdCommandLineTest, EalComesFirst) {
    EXPECT_EQ(good("-l 0 --no-huge -- --mode hub"),
              std::pair(std::string("famez_fwd -l 0 --no-huge"), Mode::hub));
    EXPECT_EQ(good("-- --mode hub"), std::pair(std::string("famez_fwd"), Mode::hub));
    EXPECT_EQ(good("-l 0 --"), std::pair(std::string("famez_fwd -l 0"), Mode::bridge));
}

TEST(FwdCommandLineTest, WithoutDashesTheFirstWordTells) {
    EXPECT_EQ(good(""), std::pair(std::string("famez_fwd"), Mode::bridge));
    EXPECT_EQ(good("-l 0 --vdev=net_famez0"),
              std::pair(std::string("famez_fwd -l 0 --vdev=net_famez0"), Mode::bridge));
    EXPECT_EQ(good("--mode=hub --json"), std::pair(std::string("famez_fwd"), Mode::hub));
    EXPECT_EQ(good("--json -- --mode hub"), std::pair(std::string("famez_fwd"), Mode::hub));
}

TEST(FwdCommandLineTest, MistakesSayWhichWordsAreWhose) {
    for (const auto& [line, told] :
         {std::pair("-l 0 --mode=hub", "--mode is not an option of EAL"),
          std::pair("-l 0 --mode hub -- --json", "--mode is not an option of EAL"),
          std::pair("--json -l 0", "-l"), std::pair("-- --nonsense", "--nonsense"),
          std::pair("--config /nonexistent/f.toml", "/nonexistent/f.toml")}) {
        const ParseEnd end = ended(line);
        EXPECT_EQ(end.status, exit_usage) << line;
        EXPECT_NE(end.text.find(told), std::string::npos) << line << ": " << end.text;
    }
}

TEST(FwdCommandLineTest, HelpAndVersionNeedNothing) {
    for (const char* line : {"--help", "-h", "-l 0 -- --help", "-l 0 -V", "-- --version"}) {
        EXPECT_EQ(ended(line).status, 0) << line;
    }
}

TEST(FwdCommandLineTest, EalIsToldOfThePorts) {
    EXPECT_EQ(good("-l 0 --vdev=net_famez0,socket=/a -- --port net_famez0 --port net_null0").first,
              "famez_fwd --vdev=net_null0 -l 0 --vdev=net_famez0,socket=/a");
    EXPECT_EQ(good("-- --port net_famez0,socket=/a,peer=2").first,
              "famez_fwd --vdev=net_famez0,socket=/a,peer=2");
    EXPECT_EQ(good("-- --port 0000:00:03.0").first, "famez_fwd");
    EXPECT_EQ(good("-- --port 00:03.0,x=1").first, "famez_fwd -a 0000:00:03.0,x=1");
    EXPECT_EQ(good("-- --port dtap").first, "famez_fwd");
}

TEST(FwdCommandLineTest, OncePciDevicesAreNamedAllAre) {
    EXPECT_EQ(good("-- --port 00:03.0,x=1 --port 00:04.0").first,
              "famez_fwd -a 0000:00:03.0,x=1 -a 0000:00:04.0");
    EXPECT_EQ(good("-a 00:05.0 -- --port 00:04.0 --port 0000:00:05.0").first,
              "famez_fwd -a 0000:00:04.0 -a 00:05.0");
    for (const char* allow :
         {"-a 00:04.0", "-a00:04.0,y=1", "--allow=0000:00:04.0", "--allow 00:04.0"}) {
        EXPECT_EQ(good(std::string(allow) + " -- --port 00:04.0,z=1").first,
                  std::string("famez_fwd ") + allow);
    }
}

TEST(FwdCommandLineTest, TheFilesWordsComeFirst) {
    Options options;
    options.eal = {"-l", "0", "--vdev", "net_null0,copy=1"};
    options.ports = {{"net_famez0", "socket=/a", {}}, {"net_null0", "", {}}, {"net_tap0", "", {}}};
    EXPECT_EQ(eal_words(options, {"--no-pci", "--vdev", "net_tap0,iface=x"}),
              (Words{"-l", "0", "--vdev", "net_null0,copy=1", "--vdev=net_famez0,socket=/a",
                     "--no-pci", "--vdev", "net_tap0,iface=x"}));
    // The command line counts more.
    EXPECT_EQ(eal_words(options, {"--vdev=net_famez0,socket=/b"}),
              (Words{"-l", "0", "--vdev", "net_null0,copy=1", "--vdev=net_tap0",
                     "--vdev=net_famez0,socket=/b"}));
    // A longer name is another device.
    Options tap;
    tap.ports = {{"net_tap1", "", {}}};
    EXPECT_EQ(eal_words(tap, {"--vdev=net_tap10"}), (Words{"--vdev=net_tap1", "--vdev=net_tap10"}));
    options.ports[1].devargs = "copy=0";
    EXPECT_THROW(eal_words(options, {}), std::invalid_argument);
}

}  // namespace
}  // namespace famez::fwd
