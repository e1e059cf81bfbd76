// SPDX-License-Identifier: BSD-3-Clause
//
// IvshmemClient against servers that say what a script tells them to.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include <famez/error.h>
#include <famez/ivshmem_client.h>

namespace famez {
namespace {

using std::chrono::milliseconds;

// Bytes and the descriptors that go with the first of them.
void send_bytes(int socket, const void* bytes, std::size_t size, const std::vector<int>& fds) {
    iovec part{const_cast<void*>(bytes), size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 253)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    }
    // The client may have hung up on us: that is for the test to see, at its end.
    [[maybe_unused]] const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

void say(int socket, std::int64_t value, int fd = -1) {
    send_bytes(socket, &value, sizeof value, fd < 0 ? std::vector<int>{} : std::vector<int>{fd});
}

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

class IvshmemClientTest : public testing::Test {
  protected:
    using Script = std::function<void(int socket)>;

    void SetUp() override {
        std::string pattern = testing::TempDir() + "famez.XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        path_ = directory_ + "/socket";
        region_.reset(::memfd_create("test", MFD_CLOEXEC));
        event_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        other_event_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                  0);
        ASSERT_EQ(::listen(listener_.get(), 5), 0);
    }
    void TearDown() override {
        if (server_.joinable()) server_.join();
        std::filesystem::remove_all(directory_);
    }

    // Serves one client with the script; the connection closes behind it unless it was kept.
    void serve(const Script& script) {
        server_ = std::thread([this, script] {
            UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            script(socket.get());
            if (keep_) connection_ = std::move(socket);
        });
    }
    void greet(int socket) {
        say(socket, 0);
        say(socket, 3);
        say(socket, -1, region_.get());
        say(socket, 9, other_event_.get());
        say(socket, 9, other_event_.get());
        say(socket, 3, event_.get());
        say(socket, 3, event_.get());
    }
    IvshmemClient connect() { return IvshmemClient::connect(path_, milliseconds(20000)); }
    // Attached, with the connection_ kept for more to be said.
    IvshmemClient attach() {
        keep_ = true;
        serve([this](int socket) { greet(socket); });
        IvshmemClient client = connect();
        server_.join();
        EXPECT_TRUE(client.service());
        return client;
    }
    // What connect() throws, with no descriptor left behind.
    std::string refusal(const Script& script, milliseconds timeout = milliseconds(20000)) {
        const std::ptrdiff_t before = open_descriptors();
        serve(script);
        std::string text;
        try {
            static_cast<void>(IvshmemClient::connect(path_, timeout));
        } catch (const FabricError& error) {
            text = error.what();
        }
        server_.join();
        connection_.reset();
        EXPECT_EQ(open_descriptors(), before) << text;
        EXPECT_NE(text.find(path_), std::string::npos) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << text;
        return text;
    }
    static std::uint64_t take(const UniqueFd& fd) {
        std::uint64_t count = 0;
        return ::read(fd.get(), &count, sizeof count) == sizeof count ? count : 0;
    }

    std::string directory_;
    std::string path_;
    UniqueFd region_;
    UniqueFd event_;
    UniqueFd other_event_;
    UniqueFd listener_;
    UniqueFd connection_;
    bool keep_ = false;
    std::thread server_;
};

void expect_greeted(const IvshmemClient& client) {
    EXPECT_EQ(client.id(), 3);
    EXPECT_GE(client.region_fd(), 0);
    EXPECT_EQ(client.own_eventfds().size(), 2U);
    ASSERT_EQ(client.peers().size(), 1U);
    EXPECT_EQ(client.peers().at(9).size(), 2U);
    for (const auto& fd : client.own_eventfds()) {
        EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
    }
}

TEST_F(IvshmemClientTest, TakesAGreeting) {
    const IvshmemClient client = attach();
    expect_greeted(client);
    EXPECT_GE(client.socket_fd(), 0);
}

TEST_F(IvshmemClientTest, RingsPeersAndItself) {
    const IvshmemClient client = attach();
    EXPECT_TRUE(client.ring(9, 0));
    EXPECT_TRUE(client.ring(9, 1));
    EXPECT_EQ(take(other_event_), 2U);
    EXPECT_TRUE(client.ring(3, 1));
    EXPECT_EQ(take(event_), 1U);
    EXPECT_FALSE(client.ring(9, 2));
    EXPECT_FALSE(client.ring(8, 0));
}

TEST_F(IvshmemClientTest, RingNeverBlocks) {
    const IvshmemClient client = attach();
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max() - 1;
    ASSERT_EQ(::write(other_event_.get(), &top, sizeof top), static_cast<ssize_t>(sizeof top));
    ASSERT_EQ(::fcntl(other_event_.get(), F_SETFL, 0), 0);
    EXPECT_TRUE(client.ring(9, 0));
    EXPECT_EQ(take(other_event_), top);
}

TEST_F(IvshmemClientTest, TakesOneByteAtATime) {
    for (const std::size_t with_descriptor : {0, 3, 7}) {
        const auto dribble = [&](int socket, std::int64_t value, int fd) {
            std::array<char, 8> bytes{};
            std::memcpy(bytes.data(), &value, bytes.size());
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                const bool here = fd >= 0 && i == with_descriptor;
                send_bytes(socket, &bytes[i], 1, here ? std::vector<int>{fd} : std::vector<int>{});
            }
        };
        keep_ = true;
        serve([&](int socket) {
            dribble(socket, 0, -1);
            dribble(socket, 3, -1);
            dribble(socket, -1, region_.get());
            for (int i = 0; i < 2; ++i)
                dribble(socket, 9, other_event_.get());
            for (int i = 0; i < 2; ++i)
                dribble(socket, 3, event_.get());
        });
        IvshmemClient client = connect();
        server_.join();
        EXPECT_TRUE(client.service());
        expect_greeted(client);
    }
}

TEST_F(IvshmemClientTest, TakesSeveralMessagesAtOnce) {
    keep_ = true;
    serve([&](int socket) {
        const std::array<std::int64_t, 2> start{0, 3};
        send_bytes(socket, start.data(), sizeof start, {});
        say(socket, -1, region_.get());
        const std::array<std::int64_t, 4> ports{9, 9, 3, 3};
        send_bytes(socket, ports.data(), sizeof ports,
                   {other_event_.get(), other_event_.get(), event_.get(), event_.get()});
    });
    const IvshmemClient client = connect();
    expect_greeted(client);
    EXPECT_TRUE(client.ring(9, 1));
    EXPECT_EQ(take(other_event_), 1U);
}

TEST_F(IvshmemClientTest, FollowsPeersThatComeAndLeave) {
    IvshmemClient client = attach();
    const std::ptrdiff_t before = open_descriptors();
    say(connection_.get(), 5, event_.get());
    EXPECT_TRUE(client.service());
    EXPECT_EQ(client.peers().at(5).size(), 1U);
    EXPECT_EQ(open_descriptors(), before + 1);
    say(connection_.get(), 5);
    say(connection_.get(), 77);  // never heard of
    EXPECT_TRUE(client.service());
    EXPECT_EQ(client.peers().count(5), 0U);
    EXPECT_EQ(client.peers().size(), 1U);
    // Its first doorbell stays open: a thread may be about to ring it.
    EXPECT_EQ(open_descriptors(), before + 1);
    EXPECT_FALSE(client.ring(5, 0));
    EXPECT_TRUE(client.service());
}

TEST_F(IvshmemClientTest, SurvivesItsServer) {
    IvshmemClient client = attach();
    connection_.reset();
    EXPECT_FALSE(client.service());
    EXPECT_EQ(client.socket_fd(), -1);
    EXPECT_EQ(client.reason(), "the server has gone");
    EXPECT_FALSE(client.service());
    expect_greeted(client);
    EXPECT_TRUE(client.ring(9, 0));
}

TEST_F(IvshmemClientTest, EndsAtABreachOfProtocolLater) {
    const std::vector<std::pair<std::int64_t, int>> breaches{
        {-1, region_.get()}, {-1, -1}, {-2, -1}, {65536, -1}, {INT64_MIN, event_.get()}, {3, -1}};
    for (const auto& [value, fd] : breaches) {
        IvshmemClient client = attach();
        const std::ptrdiff_t before = open_descriptors();
        say(connection_.get(), value, fd);
        EXPECT_FALSE(client.service()) << value;
        EXPECT_NE(client.reason().find("breaks the protocol"), std::string::npos);
        EXPECT_EQ(open_descriptors(), before - 1);  // the socket is closed, nothing else was kept
        expect_greeted(client);
    }
}

TEST_F(IvshmemClientTest, RefusesBadGreetings) {
    const auto has = [](const std::string& text, const char* part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    has(refusal([&](int s) { say(s, 1); }), "version 1");
    has(refusal([&](int s) { say(s, 0, event_.get()); }), "version has a descriptor");
    has(refusal([&](int s) { say(s, 0), say(s, 3, event_.get()); }), "id has a descriptor");
    has(refusal([&](int s) { say(s, 0), say(s, -1, region_.get()); }), "out of turn");
    has(refusal([&](int s) { say(s, 0), say(s, 70000); }), "no port");
    has(refusal([&](int s) { say(s, 0), say(s, -5); }), "no port");
    has(refusal([&](int s) { say(s, 0), say(s, 3), say(s, -1); }), "without a descriptor");
    has(refusal([&](int s) { say(s, 0), say(s, 3), say(s, 4, event_.get()); }), "no region");
    has(refusal([&](int s) {
            say(s, 0), say(s, 3), say(s, -1, region_.get()), say(s, -1, region_.get());
        }),
        "out of turn");
}

TEST_F(IvshmemClientTest, RefusesDescriptorsWithoutEnd) {
    const std::vector<int> fds(200, event_.get());
    const std::string text = refusal([&](int s) {
        const std::array<char, 8> zeroes{};
        send_bytes(s, zeroes.data(), 4, fds);
        send_bytes(s, zeroes.data(), 4, fds);
    });
    EXPECT_NE(text.find("breaks the protocol"), std::string::npos) << text;
}

TEST_F(IvshmemClientTest, RefusesVectorsWithoutEnd) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 5000) GTEST_SKIP() << "needs 5000 descriptors";
    const std::string text = refusal([&](int s) {
        say(s, 0), say(s, 3), say(s, -1, region_.get());
        for (int i = 0; i < 4200; ++i)
            say(s, 9, event_.get());
    });
    EXPECT_NE(text.find("no end of eventfds"), std::string::npos) << text;
}

TEST_F(IvshmemClientTest, RefusesAGreetingCutShortAnywhere) {
    const std::array<std::function<void(int)>, 5> steps{
        [](int s) { say(s, 0); }, [](int s) { say(s, 3); },
        [this](int s) { say(s, -1, region_.get()); },
        [this](int s) { say(s, 9, other_event_.get()); },
        [](int s) { send_bytes(s, "half", 4, {}); }};
    for (std::size_t count = 0; count <= steps.size(); ++count) {
        const std::string text = refusal([&](int s) {
            for (std::size_t i = 0; i < count; ++i)
                steps[i](s);
        });
        const char* expected = count == 0 ? "ports are taken" : "the server has gone";
        EXPECT_NE(text.find(expected), std::string::npos) << text;
    }
}

TEST_F(IvshmemClientTest, GivesUpInTime) {
    keep_ = true;
    EXPECT_NE(refusal([](int s) { say(s, 0); }, milliseconds(50)).find("in time"),
              std::string::npos);
    // Nor does a server hold it that always has something to say.
    const std::string text = refusal(
        [this](int s) {
            say(s, 0), say(s, 3), say(s, -1, region_.get());
            pollfd hung_up{s, 0, 0};
            while (::poll(&hung_up, 1, 0) == 0)
                say(s, 77);
        },
        milliseconds(50));
    EXPECT_NE(text.find("in time"), std::string::npos) << text;
}

// Leaves this process `spare` descriptors more than it has, while it lives.
class FewDescriptors {
  public:
    explicit FewDescriptors(int spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const UniqueFd lowest(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        const rlimit low{static_cast<rlim_t>(lowest.get() + spare), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST_F(IvshmemClientTest, TruncatedDescriptorsAreFatal) {
    std::string text;
    {
        // For the client's socket, the server's, and the region.
        const FewDescriptors few(3);
        serve([this](int socket) { greet(socket); });
        try {
            static_cast<void>(connect());
        } catch (const FabricError& error) {
            text = error.what();
        }
        server_.join();
    }
    EXPECT_NE(text.find("ulimit -n"), std::string::npos) << text;
}

TEST_F(IvshmemClientTest, TruncatedDescriptorsAreFatalLater) {
    IvshmemClient client = attach();
    {
        const FewDescriptors none(0);
        say(connection_.get(), 5, event_.get());
        EXPECT_FALSE(client.service());
    }
    EXPECT_NE(client.reason().find("ulimit -n"), std::string::npos) << client.reason();
    expect_greeted(client);
}

TEST_F(IvshmemClientTest, SaysThatThereIsNoServer) {
    const auto text = [&](const std::string& path) -> std::string {
        try {
            static_cast<void>(IvshmemClient::connect(path, milliseconds(100)));
        } catch (const FabricError& error) {
            return error.what();
        }
        return {};
    };
    EXPECT_NE(text(directory_ + "/none").find("no server is there"), std::string::npos);
    listener_.reset();
    EXPECT_NE(text(path_).find("no server is there"), std::string::npos);
    EXPECT_NE(text(std::string(200, 'x')).find("1 to 107 bytes"), std::string::npos);
    EXPECT_NE(text("").find("1 to 107 bytes"), std::string::npos);
}

}  // namespace
}  // namespace famez
