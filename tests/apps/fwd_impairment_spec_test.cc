// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <stdexcept>

#include "impairment_spec.h"

namespace famez::fwd {
namespace {

TEST(FwdImpairmentSpecTest, AllKeys) {
    const Impairment impairment = parse_impairment(
        "delay=5ms,jitter=500us,rate=100M,loss=1%,duplicate=0.5%,reorder=2%,reorder-by=3,"
        "limit=1000");
    const Impairment wanted{5000, 500, 100e6, 0.01, 0.005, 0.02, 3, 1000};
    EXPECT_EQ(impairment, wanted);
    EXPECT_EQ(parse_impairment("none"), Impairment{});
}

TEST(FwdImpairmentSpecTest, Units) {
    EXPECT_EQ(parse_impairment("delay=100ns").delay_us, 0.1);
    EXPECT_EQ(parse_impairment("delay=1.5s").delay_us, 1.5e6);
    EXPECT_EQ(parse_impairment("rate=5").rate_bps, 5);
    EXPECT_EQ(parse_impairment("rate=64k").rate_bps, 64e3);
    EXPECT_EQ(parse_impairment("rate=2.5G").rate_bps, 2.5e9);
    EXPECT_EQ(parse_impairment("loss=0.25").loss, 0.25);
    EXPECT_EQ(parse_impairment("loss=100%").loss, 1);
}

TEST(FwdImpairmentSpecTest, TheTextIsReadAsTheSame) {
    const char* const all =
        "delay=5ms,jitter=500us,rate=100M,loss=1%,duplicate=0.5%,reorder=2%,reorder-by=3,limit=9";
    for (const char* text :
         {all, "none", "delay=10ns", "delay=1s", "rate=2.5G", "loss=7%", "delay=1ms,limit=1"}) {
        EXPECT_EQ(to_text(parse_impairment(text)), text);
    }
    const Impairment odd{1e6 / 3, 0.1 + 0.2, 1e9 / 7, 1.0 / 3, 2.0 / 3, 1e-9, 7, 9};
    EXPECT_EQ(parse_impairment(to_text(odd)), odd) << to_text(odd);
}

TEST(FwdImpairmentSpecTest, MistakesNameTheKey) {
    for (const auto& [text, told] : {
             std::pair("", "delay"),
             std::pair("delay", "delay"),
             std::pair("delay=", "delay"),
             std::pair("delay=5", "unit"),
             std::pair("delay=5m", "unit"),
             std::pair("delay=-5ms", "delay"),
             std::pair("delay=infs", "delay"),
             std::pair("delay=nanus", "delay"),
             std::pair("delay=2000000000s", "delay"),
             std::pair("delay=1ms,delay=2ms", "twice"),
             std::pair("delay=1ms,", "''"),
             std::pair("delay=1ms,,loss=1%", "''"),
             std::pair("delay=1ms,jitter=2ms", "jitter"),
             std::pair("jitter=2ms", "jitter"),
             std::pair("rate=0", "rate"),
             std::pair("rate=1T", "rate"),
             std::pair("loss=1.1", "loss"),
             std::pair("loss=101%", "loss"),
             std::pair("loss=-1%", "loss"),
             std::pair("loss=1 %", "loss"),
             std::pair("duplicate=x", "duplicate"),
             std::pair("reorder-by=3", "reorder=2%"),
             std::pair("reorder=1%,reorder-by=0", "reorder-by"),
             std::pair("reorder=1%,reorder-by=5,limit=4", "reorder-by"),
             std::pair("limit=5", "limit"),
             std::pair("delay=1ms,limit=0", "limit"),
             std::pair("delay=1ms,limit=2000000", "limit"),
             std::pair("latency=5ms", "latency"),
             std::pair("none,loss=1%", "none"),
         }) {
        try {
            parse_impairment(text);
            ADD_FAILURE() << text << " was accepted";
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find(told), std::string::npos)
                << text << ": " << error.what();
        }
    }
}

}  // namespace
}  // namespace famez::fwd
