// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "doctor_fixture.h"

namespace famez::doctor {
namespace {

bool says(const std::string& text, const char* what) {
    return text.find(what) != std::string::npos;
}

class HostTest : public ::testing::Test {
  protected:
    [[nodiscard]] UniqueFd socket_at_path(int type) const {
        UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, environment_.socket.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        ::chmod(environment_.socket.c_str(), 0600);
        return socket;
    }
    [[nodiscard]] UniqueFd listen() const {
        UniqueFd socket = socket_at_path(SOCK_STREAM);
        EXPECT_EQ(::listen(socket.get(), 1), 0);
        return socket;
    }
    // The server as proc shows it: who listens, and its region.
    void show_server() const {
        machine_.write("proc/net/unix",
                       "Num       RefCount Protocol Flags    Type St Inode Path\n"
                       "00000000aaaaaaaa: 00000002 00000000 00010000 0001 01 4242 " +
                           environment_.socket + "\n");
        machine_.write("proc/77/comm", "famez_server\n");
        machine_.link("proc/77/fd/3", "socket:[4242]");
    }

    FakeMachine machine_;
    Environment& environment_ = machine_.environment;
};

TEST_F(HostTest, MissesTheServer) {
    const Findings findings = check_host(environment_);
    EXPECT_EQ(find(findings, "socket").verdict, Verdict::problem);
    EXPECT_TRUE(says(find(findings, "socket").cure, "famez_server -S"));
    EXPECT_EQ(find(findings, "descriptors").verdict, Verdict::ok);
}

TEST_F(HostTest, NamesAStaleSocket) {
    (void)listen();
    const Finding finding = check_socket(environment_);
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_TRUE(says(finding.found, "stale"));
}

TEST_F(HostTest, NamesWhatIsNoSocketOrAnotherKind) {
    machine_.write("socket", "");
    EXPECT_TRUE(says(check_socket(environment_).found, "is not a socket"));
    machine_.remove("socket");
    const UniqueFd other = socket_at_path(SOCK_DGRAM);
    EXPECT_TRUE(says(check_socket(environment_).found, "datagram"));
}

TEST_F(HostTest, SeesTheServerWithoutJoining) {
    const UniqueFd server = listen();
    show_server();
    const Finding finding = check_socket(environment_);
    EXPECT_EQ(finding.verdict, Verdict::ok);
    EXPECT_TRUE(says(finding.found, "famez_server (pid 77)"));
    pollfd nobody{server.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&nobody, 1, 0), 0);
    std::optional<std::uint32_t> id;
    EXPECT_TRUE(std::holds_alternative<NotRead>(peek_server(environment_, id)));
}

TEST_F(HostTest, JudgesTheRightsOfTheSocket) {
    const UniqueFd server = listen();
    EXPECT_EQ(check_socket_rights(environment_).verdict, Verdict::ok);
    ::chmod(environment_.socket.c_str(), 0777);
    EXPECT_EQ(check_socket_rights(environment_).verdict, Verdict::warning);
}

TEST_F(HostTest, SaysThatAServerDoesNotGreet) {
    const UniqueFd server = listen();
    environment_.attach = true;
    std::optional<std::uint32_t> id;
    const Peek peek = peek_server(environment_, id);
    EXPECT_FALSE(id.has_value());
    EXPECT_EQ(check_server_region(peek, id).verdict, Verdict::problem);
}

TEST_F(HostTest, JudgesRegions) {
    RegionFacts facts;
    facts.geometry = Geometry::plan({});
    facts.server_runs = true;
    EXPECT_EQ(check_server_region(facts, 5).verdict, Verdict::ok);
    EXPECT_TRUE(says(check_server_region(facts, 5).found, "joined as id 5"));
    facts.geometry.region_bytes = std::uint64_t{512} << 20;
    EXPECT_EQ(check_server_region(facts, std::nullopt).verdict, Verdict::warning);
    facts.server_runs = false;
    EXPECT_EQ(check_server_region(facts, std::nullopt).verdict, Verdict::problem);
    EXPECT_EQ(check_server_region(NoFabric{"zeros"}, std::nullopt).verdict, Verdict::problem);
    EXPECT_EQ(check_server_region(NotRead{"far"}, std::nullopt).verdict, Verdict::not_applicable);
}

// What stock QEMU 7.2 bore under a limit of 1024, and what it did not.
TEST_F(HostTest, KnowsHowManyDescriptorsQemuNeeds) {
    EXPECT_EQ(check_descriptors(environment_, {30, 32, true}).verdict, Verdict::problem);
    EXPECT_EQ(check_descriptors(environment_, {29, 32, true}).verdict, Verdict::ok);
    EXPECT_EQ(check_descriptors(environment_, {31, 33, true}).verdict, Verdict::problem);
    EXPECT_EQ(check_descriptors(environment_, {14, 16, false}).verdict, Verdict::ok);
}

TEST_F(HostTest, SaysHowToRaiseTheLimit) {
    environment_.descriptors_hard = 1 << 20;
    const Finding soft = check_descriptors(environment_, {62, 64, true});
    EXPECT_EQ(soft.verdict, Verdict::problem);
    EXPECT_TRUE(says(soft.cure, "ulimit -n 4096"));
    environment_.descriptors_hard = 1024;
    EXPECT_TRUE(says(check_descriptors(environment_, {62, 64, true}).cure, "limits.conf"));
}

TEST_F(HostTest, FindsQemusWithALowLimit) {
    EXPECT_EQ(check_running_qemus(environment_, {}).verdict, Verdict::not_applicable);
    machine_.write("proc/12/comm", "qemu-system-x86\n");
    machine_.write("proc/12/limits",
                   "Limit                     Soft Limit           Hard Limit           Units\n"
                   "Max open files            1024                 524288               files\n");
    EXPECT_EQ(check_running_qemus(environment_, {14, 16, true}).verdict, Verdict::ok);
    const Finding finding = check_running_qemus(environment_, {62, 64, true});
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_EQ(finding.found, "qemu-system-x86 (pid 12) has 1024");
}

TEST_F(HostTest, ComparesMemoryWithTheRegion) {
    EXPECT_EQ(check_memory(environment_, 0).verdict, Verdict::not_applicable);
    machine_.write("proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\n");
    EXPECT_EQ(check_memory(environment_, 0).found, "2 GiB available");
    EXPECT_EQ(check_memory(environment_, std::uint64_t{1} << 30).verdict, Verdict::ok);
    EXPECT_EQ(check_memory(environment_, std::uint64_t{1} << 32).verdict, Verdict::warning);
}

TEST_F(HostTest, JudgesQemu) {
    EXPECT_EQ(judge_qemu("QEMU emulator version 7.2.22 (Debian 1:7.2)").verdict, Verdict::ok);
    EXPECT_EQ(judge_qemu("QEMU emulator version 2.5.0").verdict, Verdict::problem);
    EXPECT_EQ(judge_qemu("").verdict, Verdict::warning);
    environment_.search_path = machine_.path("bin").string();
    EXPECT_EQ(check_qemu(environment_).verdict, Verdict::not_applicable);
    machine_.write("bin/qemu-system-x86_64", "#!/bin/sh\necho QEMU emulator version 8.0.1\n");
    std::filesystem::permissions(machine_.path("bin/qemu-system-x86_64"),
                                 std::filesystem::perms::owner_all);
    EXPECT_EQ(check_qemu(environment_).found, "QEMU emulator version 8.0.1");
}

TEST_F(HostTest, MissesKvm) {
    EXPECT_EQ(check_kvm(environment_).verdict, Verdict::warning);
    machine_.write("dev/kvm", "");
    EXPECT_TRUE(says(check_kvm(environment_).found, "makes no machine"));
}

}  // namespace
}  // namespace famez::doctor
