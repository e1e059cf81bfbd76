// SPDX-License-Identifier: BSD-3-Clause
//
// The parts of famez_client that need no fabric: what the command line means, targets, and the
// counting of numbered messages.
#include <gtest/gtest.h>

#include <array>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include <famez/error.h>
#include <famez/geometry.h>
#include <famez/mailbox.h>

#include "mail_line.h"
#include "numbered.h"
#include "options.h"
#include "targets.h"

namespace famez::client::test {
namespace {

Command command_of(const std::vector<std::string>& arguments) {
    const auto parsed = parse_arguments(arguments);
    const auto* invocation = std::get_if<Invocation>(&parsed);
    EXPECT_NE(invocation, nullptr) << std::get<ParseEnd>(parsed).text;
    return invocation != nullptr ? invocation->command : Command{};
}

int end_of(const std::vector<std::string>& arguments) {
    const auto parsed = parse_arguments(arguments);
    const auto* end = std::get_if<ParseEnd>(&parsed);
    return end != nullptr ? end->exit_code : -1;
}

Command line_of(const std::string& line) {
    const auto parsed = parse_line(line, {});
    const auto* command = std::get_if<Command>(&parsed);
    EXPECT_NE(command, nullptr) << line;
    return command != nullptr ? *command : Command{};
}

TEST(ClientOptionsTest, ACommandAndItsTarget) {
    EXPECT_EQ(command_of({}).verb, Verb::console);
    EXPECT_EQ(command_of({"list"}).verb, Verb::who);
    const Command ping = command_of({"--json", "ping", "z03", "-c", "10", "-i", "0.5", "-W", "2"});
    EXPECT_EQ(ping.verb, Verb::ping);
    EXPECT_EQ(ping.target, "z03");
    EXPECT_EQ(ping.count, 10U);
    EXPECT_EQ(ping.interval, 0.5);
    EXPECT_EQ(ping.patience, 2.0);
    EXPECT_TRUE(ping.json);
    const Command spoof = command_of({"spoof", "1", "2", "--", "hello", "-x"});
    EXPECT_EQ(spoof.source, "1");
    EXPECT_EQ(spoof.target, "2");
    EXPECT_EQ(spoof.text, (std::vector<std::string>{"hello", "-x"}));
}

TEST(ClientOptionsTest, MistakesAreUsage) {
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"bogus"},
                                                  {"send", "1"},
                                                  {"ping", "1", "-c", "-1"},
                                                  {"who", "who"},
                                                  {"--name", std::string(32, 'x'), "who"},
                                                  {"ping", "1", "-W", "0"},
                                                  {"flood", "1", "-s", "384"}})
        EXPECT_EQ(end_of(wrong), exit_usage) << wrong.front();
    EXPECT_EQ(end_of({"--help"}), exit_ok);
    EXPECT_EQ(end_of({"ping", "--help"}), exit_ok);
    EXPECT_EQ(end_of({"help", "ping"}), exit_ok);
}

TEST(ClientOptionsTest, InTheConsoleTheMessageIsWhatWasTyped) {
    EXPECT_EQ(line_of("send z01 -v is 'not' an option").text,
              (std::vector<std::string>{"-v", "is", "'not'", "an", "option"}));
    EXPECT_EQ(line_of("spoof 1 2 --json").text, std::vector<std::string>{"--json"});
    EXPECT_TRUE(line_of("send --json 1 x").json);
    EXPECT_EQ(line_of("q").verb, Verb::quit);
    EXPECT_TRUE(std::holds_alternative<ParseEnd>(parse_line("help", {})));
    EXPECT_TRUE(std::holds_alternative<ParseEnd>(parse_line("send", {})));
}

class TargetTest : public testing::Test {
  protected:
    TargetTest() {
        write_mail_words(region(), ports, MailDialect::with_class);
        for (const auto& [id, name] : {std::pair{1U, "z01"}, {3U, "bob"}, {5U, "Z-switch"}}) {
            Mailbox(region(), ports, MailDialect::with_class, id).show({name, "Debugger", 0, 0});
        }
    }
    std::span<std::byte> region() { return memory_; }

    static constexpr std::uint32_t ports = 4;
    alignas(64) std::array<std::byte, std::size_t{512} * (ports + 2)> memory_{};
    Mailbox mailbox_{region(), ports, MailDialect::with_class, 1};
};

TEST_F(TargetTest, IdsNamesAndWordsForMany) {
    using Ids = std::vector<std::uint32_t>;
    EXPECT_EQ(resolve_target("2", mailbox_), Ids{2});
    EXPECT_EQ(resolve_target("0x3", mailbox_), Ids{3});
    EXPECT_EQ(resolve_target("bob", mailbox_), Ids{3});
    EXPECT_EQ(resolve_target("server", mailbox_), Ids{5});
    EXPECT_EQ(resolve_target("Switch", mailbox_), Ids{5});
    EXPECT_EQ(resolve_target("all", mailbox_), (Ids{1, 3, 5}));
    EXPECT_EQ(resolve_target("others", mailbox_), (Ids{3, 5}));
    for (const char* wrong : {"0", "6", "0x", "-1", "99999999999999999999", "Bob", ""})
        EXPECT_THROW(resolve_target(wrong, mailbox_), FabricError) << wrong;
    EXPECT_THROW(resolve_one("all", mailbox_), FabricError);
    EXPECT_EQ(target_words(mailbox_), (std::vector<std::string>{"Z-switch", "all", "bob", "others",
                                                                "server", "switch", "z01"}));
}

// Restores the locale, which the rest of the process shares.
class PrintableTest : public testing::Test {
  protected:
    ~PrintableTest() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(PrintableTest, NothingDrivesTheTerminal) {
    EXPECT_EQ(printable("a\x1b[2J\x07\x7f\r\nb"), "a?[2J???\nb");
    EXPECT_EQ(printable("\x9b\xc2\x9b\xc5\x82"), "?????");
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) GTEST_SKIP() << "there is no C.UTF-8";
    EXPECT_EQ(printable("z\xc5\x82oty \xe2\x82\xac"), "z\xc5\x82oty \xe2\x82\xac");
    // U+009B is what ESC [ is; a byte alone or cut off is no character.
    EXPECT_EQ(printable("\xc2\x9b\x9b\xe2\x82"), "?????");
}

TEST(DurationTest, WhatIsNoNumberIsNoTime) {
    EXPECT_EQ(to_duration(1.5).count(), 1'500'000'000);
    EXPECT_EQ(to_duration(std::nan("")).count(), 0);
    EXPECT_EQ(to_duration(-1).count(), 0);
    EXPECT_GT(to_duration(1e300).count(), 0);
}

TEST(NumberedTest, TextAndBack) {
    EXPECT_EQ(numbered_text({3, 10}, 0), "flood 3 of 10");
    EXPECT_EQ(numbered_text({3, 10}, 16), "flood 3 of 10 ..");
    EXPECT_EQ(numbered_text({3, 10}, 14), "flood 3 of 10 ");
    const auto back = parse_numbered("flood 3 of 10 ..");
    ASSERT_TRUE(back);
    EXPECT_EQ(back->number, 3U);
    EXPECT_EQ(back->of, 10U);
    for (const char* wrong : {"flood 0 of 1", "flood 2 of 1", "flood x of 1", "flood 1", "hello"})
        EXPECT_FALSE(parse_numbered(wrong)) << wrong;
}

TEST(NumberedTest, WhatIsMissingAndWhatIsLate) {
    Sequence sequence;
    const auto now = Sequence::Clock::now();
    for (const std::uint64_t number : {1, 2, 5, 4})
        sequence.count({number, 6}, now);
    EXPECT_EQ(sequence.received(), 4U);
    EXPECT_EQ(sequence.out_of_order(), 1U);
    EXPECT_EQ(sequence.lost(false), 2U);
    EXPECT_EQ(sequence.lost(true), 3U);
}

TEST(NumberedTest, ASecondRunGoesOnCounting) {
    Sequence sequence;
    const auto now = Sequence::Clock::now();
    for (int run = 0; run < 2; ++run) {
        for (const std::uint64_t number : {1, 2, 3})
            sequence.count({number, 3}, now);
    }
    EXPECT_EQ(sequence.received(), 6U);
    EXPECT_EQ(sequence.lost(true), 0U);
    EXPECT_EQ(sequence.out_of_order(), 0U);
}

}  // namespace
}  // namespace famez::client::test
