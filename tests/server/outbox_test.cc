// SPDX-License-Identifier: BSD-3-Clause
#include "outbox.h"

#include "mail_fixture.h"

namespace famez::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class OutboxTest : public testing::Test {
  protected:
    OutboxTest() { server_.station.mailbox().show({"Z-switch", "", 400, 27}); }
    // Lets the time pass, with 2 taking its mail and 1 not.
    void pass(milliseconds time) {
        for (const auto end = now_ + time; now_ < end; now_ += milliseconds(1)) {
            outbox_.pump(now_);
            two_.receive();
        }
        outbox_.pump(now_);
    }

    MailArea area_{3};
    MailClient server_{area_, 4};
    MailClient one_{area_, 1};
    MailClient two_{area_, 2};
    Outbox outbox_{server_.station.sender()};
    // pump() looks at the real clock too, which is not to overtake this one.
    Outbox::Clock::time_point now_ = Outbox::Clock::now() + seconds(100);
};

TEST_F(OutboxTest, DeliversInOrder) {
    outbox_.post(2, "a", now_);
    outbox_.post(2, "b", now_);
    pass(milliseconds(5));
    ASSERT_EQ(two_.inbox.size(), 2U);
    EXPECT_EQ(two_.inbox[0].message, "a");
    EXPECT_EQ(two_.inbox[1].message, "b");
    EXPECT_TRUE(outbox_.idle());
    EXPECT_EQ(outbox_.counters().sent, 2U);
}

TEST_F(OutboxTest, QueuesAreShort) {
    for (int i = 0; i < 100; ++i)
        outbox_.post(2, "x", now_);
    EXPECT_EQ(outbox_.counters().dropped, 100 - Outbox::queue_max);
    pass(milliseconds(20));
    EXPECT_EQ(two_.inbox.size(), Outbox::queue_max);
}

TEST_F(OutboxTest, OneThatTakesNothingIsPassedOver) {
    for (int i = 0; i < 3; ++i)
        outbox_.post(1, "x", now_);
    outbox_.post(2, "y", now_);
    pass(Outbox::patience + milliseconds(20));
    EXPECT_EQ(two_.inbox.size(), 1U);
    EXPECT_TRUE(outbox_.idle());
    EXPECT_EQ(outbox_.counters().not_taken, 1U);
    EXPECT_EQ(outbox_.counters().dropped, 2U);
    outbox_.post(1, "x", now_);
    EXPECT_TRUE(outbox_.idle());
    // Then it gets a shorter chance, and is passed over for longer.
    pass(Outbox::pass_over);
    outbox_.post(1, "x", now_);
    EXPECT_FALSE(outbox_.idle());
    pass(Outbox::wary_patience + milliseconds(20));
    EXPECT_TRUE(outbox_.idle());
    pass(Outbox::pass_over);
    outbox_.post(1, "x", now_);
    EXPECT_TRUE(outbox_.idle());
    // Once it has taken one it is in good standing.
    pass(Outbox::pass_over);
    outbox_.post(1, "x", now_);
    outbox_.pump(now_);
    one_.receive();
    outbox_.pump(now_);
    EXPECT_EQ(one_.inbox.size(), 1U);
    outbox_.post(1, "y", now_);
    outbox_.pump(now_);
    pass(Outbox::patience - milliseconds(50));
    EXPECT_FALSE(outbox_.idle());
}

TEST_F(OutboxTest, AnEndTakesBackWhatIsUnderWay) {
    outbox_.post(1, "a", now_);
    outbox_.post(1, "b", now_);
    outbox_.pump(now_);
    EXPECT_FALSE(server_.station.mailbox().free(4));
    outbox_.forget(1, now_);
    EXPECT_TRUE(outbox_.idle());
    EXPECT_TRUE(server_.station.mailbox().free(4));
    // Its successor begins in good standing.
    outbox_.post(1, "c", now_);
    pass(milliseconds(20));
    one_.receive();
    ASSERT_EQ(one_.inbox.size(), 1U);
    EXPECT_EQ(one_.inbox[0].message, "c");
}

TEST_F(OutboxTest, AnEndLeavesTheMailOfOthersAlone) {
    outbox_.post(1, "a", now_);
    outbox_.pump(now_);
    outbox_.post(2, "b", now_);
    outbox_.forget(2, now_);
    one_.receive();
    ASSERT_EQ(one_.inbox.size(), 1U);
    EXPECT_EQ(outbox_.counters().dropped, 1U);
}

}  // namespace
}  // namespace famez::test
