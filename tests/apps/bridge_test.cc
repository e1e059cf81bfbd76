// SPDX-License-Identifier: BSD-3-Clause
// famez_bridge: what is written and read, and what waits.
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "options.h"
#include "queues.h"

namespace famez::bridge {
namespace {

constexpr std::uint32_t server = 15;

int error_of(std::string_view written) {
    const auto parsed = parse_written(written, server);
    const int* error = std::get_if<int>(&parsed);
    return error != nullptr ? -*error : 0;
}

std::uint32_t target_of(std::string_view written) {
    const auto parsed = parse_written(written, server);
    const auto* letter = std::get_if<Letter>(&parsed);
    return letter != nullptr ? letter->to : 0;
}

TEST(BridgeText, TargetsAreIdsNumbersOrWords) {
    EXPECT_EQ(target_of("3:hello"), 3U);
    EXPECT_EQ(target_of("0x0e:hello"), 14U);
    EXPECT_EQ(target_of("010:hello"), 8U);
    EXPECT_EQ(target_of("+3:hello"), 3U);
    EXPECT_EQ(target_of("15:hello"), server);
    EXPECT_EQ(target_of("300,27:hello"), 3U);
    EXPECT_EQ(target_of("0x12c,0x1b:hello"), 3U);
    for (const char* word : {"server:x", "switch:x", "link:x", "interface:x"})
        EXPECT_EQ(target_of(word), server);
}

TEST(BridgeText, ThePayloadIsAllBehindTheFirstColon) {
    const std::string bytes("3:a:b\0c\n", 8);
    const auto parsed = parse_written(bytes, server);
    EXPECT_EQ(std::get<Letter>(parsed).payload, std::string_view("a:b\0c\n", 6));
}

TEST(BridgeText, EachMistakeHasItsErrno) {
    EXPECT_EQ(error_of("hello"), EBADMSG);
    EXPECT_EQ(error_of(""), EBADMSG);
    for (const char* text : {"x:a", ":a", "3 :a", "0x:a", "08:a", "3,:a", ",27:a", "300,27,1:a",
                             "99999999999:a", "Server:a"})
        EXPECT_EQ(error_of(text), EINVAL) << text;
    EXPECT_EQ(error_of("3:"), ENODATA);
    for (const char* text : {"0:a", "16:a", "-1:a", "0,27:a", "99,27:a", "1600,27:a"})
        EXPECT_EQ(error_of(text), EBADSLT) << text;
    EXPECT_EQ(error_of("300,26:a"), ENETUNREACH);
    EXPECT_EQ(error_of("3:" + std::string(payload_max, 'a')), 0);
    EXPECT_EQ(error_of("3:" + std::string(payload_max + 1, 'a')), E2BIG);
    EXPECT_EQ(error_of(std::string(1000, 'a')), E2BIG);
}

TEST(BridgeText, WhatIsReadSaysWhoseItIs) {
    EXPECT_EQ(format_read(300, 27, "hello\n"), "300,27:hello\n");
}

struct FakeMail : Mail {
    [[nodiscard]] std::uint32_t server_id() const override { return server; }
    int send(std::uint32_t to, std::string_view payload, std::chrono::microseconds) override {
        if (result == 0) sent.push_back(std::to_string(to) + ":" + std::string(payload));
        return result;
    }
    bool send_ready() override { return result == 0; }
    std::optional<Received> receive() override {
        if (inbox.empty()) return std::nullopt;
        Received first = inbox.front();
        inbox.erase(inbox.begin());
        return first;
    }
    [[nodiscard]] int fd() const override { return -1; }

    int result = 0;
    std::vector<std::string> sent;
    std::vector<Received> inbox;
};

TEST(BridgeQueues, AReadThatIsTooSmallLosesNothing) {
    FakeMail mail;
    mail.inbox = {{100, 27, "first"}, {0, 0, "second"}};
    Incoming incoming(mail);
    EXPECT_TRUE(incoming.ready());
    EXPECT_EQ(std::get<int>(incoming.take(11)), -E2BIG);
    EXPECT_EQ(std::get<std::string>(incoming.take(12)), "100,27:first");
    EXPECT_EQ(std::get<std::string>(incoming.take(100)), "0,0:second");
    EXPECT_EQ(std::get<int>(incoming.take(100)), -EAGAIN);
    EXPECT_FALSE(incoming.ready());
}

struct BridgeSending : testing::Test {
    std::optional<std::uint64_t> write(const std::string& text, bool wait = true) {
        return outgoing.write(text, wait, [this](int result) { results.push_back(result); });
    }
    FakeMail mail;
    Outgoing outgoing{mail};
    std::vector<int> results;
};

TEST_F(BridgeSending, IsAnsweredAtOnceWhenItCan) {
    EXPECT_FALSE(write("3:a"));
    EXPECT_FALSE(write("nonsense"));
    mail.result = -EHOSTUNREACH;
    EXPECT_FALSE(write("4:b"));
    EXPECT_EQ(results, (std::vector<int>{0, -EBADMSG, -EHOSTUNREACH}));
    EXPECT_EQ(mail.sent, std::vector<std::string>{"3:a"});
}

TEST_F(BridgeSending, WaitsInOrder) {
    mail.result = -EAGAIN;
    EXPECT_TRUE(write("3:a"));
    const auto second = write("4:b");
    EXPECT_TRUE(write("5:c"));
    outgoing.retry();
    EXPECT_TRUE(results.empty());
    EXPECT_FALSE(outgoing.ready());
    EXPECT_TRUE(outgoing.cancel(*second));
    EXPECT_FALSE(outgoing.cancel(*second));
    mail.result = 0;
    outgoing.retry();
    EXPECT_EQ(results, (std::vector<int>{0, 0}));
    EXPECT_EQ(mail.sent, (std::vector<std::string>{"3:a", "5:c"}));
    EXPECT_TRUE(outgoing.ready());
}

TEST_F(BridgeSending, DoesNotWaitWhenAskedNotTo) {
    mail.result = -EAGAIN;
    EXPECT_FALSE(write("3:a", false));
    EXPECT_TRUE(outgoing.idle());
    EXPECT_TRUE(write("3:b"));
    mail.result = 0;
    // Not before the one that waits.
    EXPECT_FALSE(write("3:c", false));
    EXPECT_EQ(results, (std::vector<int>{-EAGAIN, -EAGAIN}));
}

TEST_F(BridgeSending, ALostMessageIsToldToTheNextWriter) {
    mail.result = -EAGAIN;
    write("3:a");
    write("3:b");
    mail.result = -ETIMEDOUT;
    outgoing.retry();
    EXPECT_EQ(results, (std::vector<int>{-ETIMEDOUT, -ETIMEDOUT}));
}

TEST(BridgeOptions, NamesAndMistakes) {
    EXPECT_EQ(std::get<Options>(parse_options({"--name", "bridge7", "--shared"})).name, "bridge7");
    EXPECT_EQ(std::get<Options>(parse_options({"--port", "2"})).port, 2);
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--name", "a/b"},
                                                  {"--name", ""},
                                                  {"--fifo", "x", "--shared"},
                                                  {"--fifo", "x", "--name", "y"},
                                                  {"more"},
                                                  {"--port", "many"}})
        EXPECT_EQ(std::get<ParseEnd>(parse_options(wrong)).status, exit_usage);
    EXPECT_EQ(std::get<ParseEnd>(parse_options({"--help"})).status, 0);
}

}  // namespace
}  // namespace famez::bridge
