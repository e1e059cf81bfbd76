// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "id_pool.h"

namespace famez {
namespace {

struct Message {
    ssize_t bytes = -1;  // what one recvmsg gave
    std::int64_t value = 0;
    UniqueFd fd;
};

Message receive(int socket, std::size_t at_most = sizeof(std::int64_t)) {
    Message result;
    std::array<std::int64_t, 8> values{};
    iovec part{values.data(), std::min(at_most, sizeof values)};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 8)> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    result.bytes = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    result.value = values[0];
    const cmsghdr* c = CMSG_FIRSTHDR(&header);
    if (result.bytes > 0 && c != nullptr) {
        EXPECT_EQ(c->cmsg_len, CMSG_LEN(sizeof(int)));
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
        result.fd.reset(fd);
    }
    return result;
}

class ClientTest : public testing::Test {
  protected:
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        near_.reset(ends[0]);
        far_.reset(ends[1]);
    }
    Client make(std::size_t limit = 100) { return {std::move(near_), limit}; }

    UniqueFd near_;
    UniqueFd far_;
};

bool same_eventfd(int written, int read) {
    const std::uint64_t one = 1;
    std::uint64_t count = 0;
    return ::write(written, &one, sizeof one) == sizeof one &&
           ::read(read, &count, sizeof count) == sizeof count && count == 1;
}

TEST_F(ClientTest, ForgetsWhatItHasNotBegunToSend) {
    Client client = make();
    const SharedFds fds = make_eventfds(2);
    ASSERT_TRUE(client.push(7, fds));
    ASSERT_TRUE(client.push(8));
    EXPECT_EQ(fds.use_count(), 2);
    EXPECT_FALSE(client.forget(8));  // no introduction
    EXPECT_TRUE(client.forget(7));
    EXPECT_EQ(fds.use_count(), 1);
    EXPECT_FALSE(client.forget(7));
    EXPECT_EQ(client.flush(), Client::Flushed::all);
    EXPECT_EQ(receive(far_.get()).value, 8);
    EXPECT_EQ(receive(far_.get()).bytes, -1);
}

// The receiver has some of the descriptors: it gets the others too, and then hears of the end.
TEST_F(ClientTest, DoesNotForgetWhatItHasBegunToSend) {
    Client client = make();
    ASSERT_TRUE(client.push(7, make_eventfds(1000)));
    ASSERT_EQ(client.flush(), Client::Flushed::blocked);
    EXPECT_FALSE(client.forget(7));
    EXPECT_EQ(client.queued(), 1U);
}

TEST_F(ClientTest, SendsOneMessageForEachDescriptorInOrder) {
    Client client = make();
    const SharedFds fds = make_eventfds(3);
    ASSERT_TRUE(client.push(0));
    ASSERT_TRUE(client.push(7, fds));
    ASSERT_TRUE(client.push(-1));
    EXPECT_EQ(client.flush(), Client::Flushed::all);
    EXPECT_EQ(client.queued(), 0U);
    const Message version = receive(far_.get());
    EXPECT_EQ(version.value, 0);
    EXPECT_FALSE(version.fd);
    for (const UniqueFd& sent : *fds) {
        const Message message = receive(far_.get(), 64);
        EXPECT_EQ(message.bytes, 8);  // a longer read does not run on behind a descriptor
        EXPECT_EQ(message.value, 7);
        ASSERT_TRUE(message.fd);
        EXPECT_TRUE(same_eventfd(message.fd.get(), sent.get()));
    }
    const Message last = receive(far_.get());
    EXPECT_EQ(last.value, -1);
    EXPECT_FALSE(last.fd);
    EXPECT_EQ(receive(far_.get()).bytes, -1);
}

TEST_F(ClientTest, GoesOnWhereAFullSocketStoppedIt) {
    const int small = 1;
    ASSERT_EQ(::setsockopt(near_.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    Client client = make();
    const std::uint32_t many = 200;
    ASSERT_TRUE(client.push(3, make_eventfds(many)));
    ASSERT_TRUE(client.push(4));
    EXPECT_EQ(client.flush(), Client::Flushed::blocked);
    EXPECT_EQ(client.flush(), Client::Flushed::blocked);  // again: nothing sent twice
    std::uint32_t threes = 0;
    for (int turn = 0; turn < 10000; ++turn) {
        const Message message = receive(far_.get());
        if (message.bytes < 0) {
            static_cast<void>(client.flush());
        } else if (message.value == 3) {
            EXPECT_TRUE(message.fd);
            ++threes;
        } else {
            EXPECT_EQ(message.value, 4);
            EXPECT_FALSE(message.fd);
            break;
        }
    }
    EXPECT_EQ(threes, many);
    EXPECT_EQ(client.flush(), Client::Flushed::all);
}

TEST_F(ClientTest, RefusesMoreThanItsLimit) {
    Client client = make(2);
    EXPECT_TRUE(client.push(1));
    EXPECT_TRUE(client.push(2));
    EXPECT_FALSE(client.push(3));
    EXPECT_EQ(client.flush(), Client::Flushed::all);
    EXPECT_TRUE(client.push(3));
}

TEST_F(ClientTest, SeesThatThePeerHasGone) {
    Client client = make();
    far_.reset();
    ASSERT_TRUE(client.push(1));
    EXPECT_EQ(client.flush(), Client::Flushed::broken);  // and no SIGPIPE
}

TEST_F(ClientTest, KeepsDescriptorsThatItStillHasToSend) {
    Client client = make();
    SharedFds fds = make_eventfds(1);
    const int number = fds->front().get();
    ASSERT_TRUE(client.push(5, fds));
    fds.reset();
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
    EXPECT_EQ(client.flush(), Client::Flushed::all);
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    EXPECT_TRUE(receive(far_.get()).fd);
}

TEST_F(ClientTest, NoDescriptorsNoMessage) {
    Client client = make();
    ASSERT_TRUE(client.push(5, make_eventfds(0)));
    EXPECT_EQ(client.queued(), 0U);
}

}  // namespace
}  // namespace famez
