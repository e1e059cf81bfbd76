// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "finding.h"
#include "options.h"
#include "report.h"

namespace famez::doctor {
namespace {

const Finding good = ok("device", "there");
const Finding bad = {"driver", Verdict::problem,     "none",
                     "no way", "type this\nor that", "0000:00:03.0"};

TEST(DoctorReport, ShowsWhatIsWrongAndHowToMendIt) {
    const std::string text = to_text(Place::guest, {good, bad}, false);
    EXPECT_EQ(text,
              "This is looked at as a guest.\n"
              "ok       device         there\n"
              "Device 0000:00:03.0\n"
              "problem  driver         none\n"
              "           wrong:       no way\n"
              "           to mend it:  type this\n"
              "                        or that\n"
              "1 problem, 0 warnings\n");
}

TEST(DoctorReport, IsQuiet) {
    EXPECT_EQ(to_text(Place::host, {good}, true), "");
    const std::string text = to_text(Place::host, {good, bad}, true);
    EXPECT_EQ(text.find("there"), std::string::npos);
    EXPECT_NE(text.find("no way"), std::string::npos);
}

TEST(DoctorReport, IsJson) {
    const std::string text = to_json(Place::guest, {bad}, false);
    EXPECT_NE(text.find("\"place\": \"guest\""), std::string::npos);
    EXPECT_NE(text.find("\"verdict\": \"problem\""), std::string::npos);
    EXPECT_NE(text.find("\"cure\": \"type this\\nor that\""), std::string::npos);
    EXPECT_NE(to_json(Place::host, {ok("x", "\xff")}, false).find("\xef\xbf\xbd"),
              std::string::npos);
}

TEST(DoctorReport, TheWorstDecides) {
    EXPECT_EQ(worst_of({}), Verdict::ok);
    EXPECT_EQ(worst_of({not_applicable("x", "")}), Verdict::ok);
    EXPECT_EQ(worst_of({good, {"x", Verdict::warning, "", "", "", ""}}), Verdict::warning);
    EXPECT_EQ(worst_of({bad, {"x", Verdict::warning, "", "", "", ""}}), Verdict::problem);
}

TEST(DoctorOptions, AreTaken) {
    const auto result = parse_options(
        {"--guest", "-q", "--json", "--device", "00:03.0", "--socket", "/s", "--sysfs", "/x"},
        Environment{});
    ASSERT_TRUE(std::holds_alternative<Options>(result));
    const auto& options = std::get<Options>(result);
    EXPECT_EQ(options.place, Place::guest);
    EXPECT_TRUE(options.quiet && options.json);
    EXPECT_EQ(options.environment.device, "00:03.0");
    EXPECT_EQ(options.environment.socket, "/s");
    EXPECT_EQ(options.environment.sysfs, "/x");
    EXPECT_FALSE(options.environment.attach);
}

TEST(DoctorOptions, MistakesEndWithTwo) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"--guest", "--host"}, {"--socket"}, {"--no-such-thing"}, {"stray"}}) {
        const auto result = parse_options(arguments, Environment{});
        ASSERT_TRUE(std::holds_alternative<ParseEnd>(result)) << arguments.front();
        EXPECT_EQ(std::get<ParseEnd>(result).exit_code, 2);
    }
}

TEST(DoctorOptions, HelpHidesWhatIsForTests) {
    const auto result = parse_options({"--help"}, Environment{});
    ASSERT_TRUE(std::holds_alternative<ParseEnd>(result));
    EXPECT_EQ(std::get<ParseEnd>(result).exit_code, 0);
    EXPECT_EQ(std::get<ParseEnd>(result).text.find("--sysfs"), std::string::npos);
}

}  // namespace
}  // namespace famez::doctor
