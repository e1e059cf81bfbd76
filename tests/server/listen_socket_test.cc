// SPDX-License-Identifier: BSD-3-Clause
#include "listen_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include <famez/error.h>

namespace famez {
namespace {

constexpr gid_t own_group = static_cast<gid_t>(-1);

class ListenSocketTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "famez.XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        path_ = directory_ + "/socket";
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::optional<mode_t> mode() const {
        struct stat status {};
        if (::lstat(path_.c_str(), &status) != 0) return std::nullopt;
        return status.st_mode & 07777;
    }
    [[nodiscard]] bool connects() const {
        const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }

    std::string directory_;
    std::string path_;
};

TEST_F(ListenSocketTest, ListensAndIsRemoved) {
    {
        const ListenSocket socket(path_, 0600, own_group);
        EXPECT_EQ(mode(), 0600U);
        EXPECT_TRUE(connects());
        EXPECT_THROW(ListenSocket(path_, 0600, own_group), FabricError);
        EXPECT_TRUE(connects());
    }
    EXPECT_EQ(mode(), std::nullopt);
}

TEST_F(ListenSocketTest, RemovesNobodyElsesFile) {
    {
        const ListenSocket socket(path_, 0600, own_group);
        std::filesystem::remove(path_);
        std::ofstream(path_) << "another's";
    }
    EXPECT_TRUE(std::filesystem::exists(path_));
    EXPECT_THROW(ListenSocket(path_, 0600, own_group), FabricError);
    EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, LeavesNothingWhenItFails) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may give files to any group";
    EXPECT_THROW(ListenSocket(path_, 0600, 0), FabricError);
    EXPECT_EQ(mode(), std::nullopt);
}

// Looked at without pause while sockets come and go, under the most careless umask.
TEST_F(ListenSocketTest, NeverHasWiderRightsThanAskedFor) {
    const mode_t before = ::umask(0);
    std::atomic<bool> done = false;
    std::atomic<mode_t> seen = 0;
    std::thread watcher([&] {
        while (!done)
            seen |= mode().value_or(0);
    });
    for (int i = 0; i < 500; ++i)
        const ListenSocket socket(path_, 0640, own_group);
    done = true;
    watcher.join();
    ::umask(before);
    EXPECT_EQ(seen & ~0640U, 0U);
}

}  // namespace
}  // namespace famez
