// SPDX-License-Identifier: BSD-3-Clause
#include "link_manager.h"

#include <gtest/gtest.h>

namespace famez {
namespace {

class LinkManagerTest : public testing::Test {
  protected:
    std::string ask(std::uint32_t from, std::string_view text) {
        return manager_.answer(from, text).reply.value_or("");
    }

    Log log_{0};
    LinkManager manager_{{"Z-switch", "FabricSwitch", 400, 27}, true, log_};
};

constexpr std::string_view question = "Link CTL Peer-Attribute";

TEST_F(LinkManagerTest, ConfiguresAPort) {
    EXPECT_EQ(ask(3, "Link RFC TTC=27us"),
              "CTL-Write Space=0,PFMCID=400,PFMSID=27,CID=300,SID=27,Tag=1");
    EXPECT_EQ(manager_.open_tags(), 1U);
    EXPECT_EQ(ask(3, "Standalone Acknowledgment Tag=1,Reason=OK"), question);
    EXPECT_EQ(manager_.open_tags(), 0U);
    EXPECT_TRUE(manager_.answer(3, "Link CTL ACK C-Class=A,CID0=300,SID0=27").known);
    ASSERT_NE(manager_.attributes(3), nullptr);
    EXPECT_EQ(manager_.attributes(3)->find("CID0")->second, "300");
    manager_.forget(3);
    EXPECT_EQ(manager_.attributes(3), nullptr);
}

TEST_F(LinkManagerTest, TakesItsTimeInMicrosecondsOnly) {
    for (const char* text : {"TTC=27us", "TTC=1.5US", "X=1,TTC= 3us "})
        EXPECT_NE(ask(1, std::string("Link RFC ") + text), "") << text;
    for (const char* text : {"", "TTC=", "TTC=us", "TTC=27", "TTC=27ms", "TTC=busus", "ttc=27us"}) {
        const auto outcome = manager_.answer(1, std::string("Link RFC ") + text);
        EXPECT_TRUE(outcome.known && !outcome.reply) << text;
    }
}

TEST_F(LinkManagerTest, KeepsFewTagsOfEachPort) {
    for (int i = 0; i < 1000; ++i)
        ask(1, "Link RFC TTC=1us");
    EXPECT_EQ(manager_.open_tags(), LinkManager::tags_max);
    EXPECT_EQ(ask(1, "Standalone Acknowledgment Tag=996"), "");  // too long ago
    EXPECT_EQ(ask(2, "Standalone Acknowledgment Tag=1000"), "");
    EXPECT_EQ(ask(1, "Standalone Acknowledgment Tag=1000"), question);
    EXPECT_EQ(ask(1, "Standalone Acknowledgment Tag=1000"), "");
    manager_.forget(1);
    EXPECT_EQ(ask(1, "Standalone Acknowledgment Tag=999"), "");
}

TEST_F(LinkManagerTest, LeavesTheRestToOthers) {
    for (const char* text : {"", "ping", "Link", "Link RFCs", "Link CTL Peer-Attribute", "who"})
        EXPECT_FALSE(manager_.answer(1, text).known) << text;
    // A switch is not configured by a port.
    const auto outcome = manager_.answer(1, "CTL-Write Space=0,CID=1,SID=1,Tag=1");
    EXPECT_TRUE(outcome.known && !outcome.reply);
}

TEST_F(LinkManagerTest, OneThatManagesNothingConfiguresNothing) {
    LinkManager other({"Z-server", "FabricSwitch", 0, 0}, false, log_);
    const auto outcome = other.answer(1, "Link RFC TTC=27us");
    EXPECT_TRUE(outcome.known && !outcome.reply);
}

}  // namespace
}  // namespace famez
