// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <famez/error.h>
#include <famez/region.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

UniqueFd memfd(std::uint64_t bytes, int seals) {
    UniqueFd fd(::memfd_create("famez-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(bytes)), 0);
    EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    return fd;
}

struct stat status_of(int fd) {
    struct stat status {};
    EXPECT_EQ(::fstat(fd, &status), 0);
    return status;
}

// The text of the error; empty when there is none.
std::string refusal(int fd, bool accept_unsealed = false) {
    try {
        const Mapping mapping = Mapping::map(fd, accept_unsealed);
    } catch (const FabricError& error) {
        return error.what();
    }
    return "";
}

TEST(Mapping, MapsTheWholeFile) {
    const UniqueFd fd = create_region_file("", 2 * mib);
    const Mapping one = Mapping::map(fd.get(), false);
    const Mapping two = Mapping::map(fd.get(), false);
    ASSERT_EQ(one.bytes().size(), 2 * mib);
    EXPECT_NE(one.bytes().data(), two.bytes().data());
    one.bytes().back() = std::byte{7};
    EXPECT_EQ(two.bytes().back(), std::byte{7});
}

TEST(Mapping, RefusesAFileThatCanShrink) {
    EXPECT_NE(refusal(memfd(mib, 0).get()).find("not sealed"), std::string::npos);
    EXPECT_NE(refusal(memfd(mib, F_SEAL_GROW).get()).find("not sealed"), std::string::npos);
    EXPECT_EQ(refusal(memfd(mib, F_SEAL_SHRINK).get()), "");
    EXPECT_EQ(refusal(memfd(mib, 0).get(), true), "");
}

TEST(Mapping, RefusesAFileThatIsTooSmall) {
    for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{4096}, mib - 1}) {
        EXPECT_NE(refusal(memfd(bytes, F_SEAL_SHRINK).get()).find("too small"), std::string::npos);
    }
}

// What else a server could send.
TEST(Mapping, RefusesWhatIsNoFile) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd in(ends[0]);
    const UniqueFd out(ends[1]);
    const UniqueFd device(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    for (const bool accept_unsealed : {false, true}) {
        EXPECT_NE(refusal(in.get(), accept_unsealed), "");
        EXPECT_NE(refusal(device.get(), accept_unsealed), "");
        EXPECT_NE(refusal(-1, accept_unsealed), "");
    }
}

TEST(Mapping, RefusesAFileThatCannotBeWritten) {
    EXPECT_NE(refusal(memfd(mib, F_SEAL_SHRINK | F_SEAL_WRITE).get()), "");
}

TEST(Mapping, Moves) {
    const UniqueFd fd = create_region_file("", mib);
    Mapping one = Mapping::map(fd.get(), false);
    std::byte* const base = one.bytes().data();
    Mapping two(std::move(one));
    EXPECT_EQ(two.bytes().data(), base);
    Mapping three;
    three = std::move(two);
    EXPECT_EQ(three.bytes().data(), base);
    three.bytes()[0] = std::byte{1};  // still mapped
}

TEST(RegionFile, IsSealedForGood) {
    const UniqueFd fd = create_region_file("", mib);
    EXPECT_EQ(::fcntl(fd.get(), F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    EXPECT_EQ(status_of(fd.get()).st_size, static_cast<off_t>(mib));
    EXPECT_NE(::ftruncate(fd.get(), 4096), 0);
    EXPECT_NE(::ftruncate(fd.get(), 2 * mib), 0);
    EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

class NamedRegionFile : public ::testing::Test {
  public:
    ~NamedRegionFile() override { ::unlink(path.c_str()); }
    const std::string name = "famez-region-test-" + std::to_string(::getpid());
    const std::string path = "/dev/shm/" + name;
};

TEST_F(NamedRegionFile, IsPrivateToItsOwner) {
    const UniqueFd fd = create_region_file(name, mib);
    EXPECT_EQ(status_of(fd.get()).st_mode & 07777, 0600U);
    EXPECT_EQ(status_of(fd.get()).st_size, static_cast<off_t>(mib));
    EXPECT_NE(refusal(fd.get()), "");
    EXPECT_EQ(refusal(fd.get(), true), "");
}

// Those who have the old one mapped go on with it; the new one is another file, and empty.
TEST_F(NamedRegionFile, AnOldOneIsLeftToItsUsers) {
    const UniqueFd old = create_region_file(name, 2 * mib);
    const Mapping users = Mapping::map(old.get(), true);
    users.bytes().back() = std::byte{7};
    const UniqueFd fresh = create_region_file(name, mib);
    EXPECT_NE(status_of(fresh.get()).st_ino, status_of(old.get()).st_ino);
    EXPECT_EQ(users.bytes().back(), std::byte{7});
    EXPECT_EQ(status_of(old.get()).st_size, static_cast<off_t>(2 * mib));
    EXPECT_EQ(Mapping::map(fresh.get(), true).bytes().back(), std::byte{0});
}

// Nobody is led elsewhere by a link that waits under the name.
TEST_F(NamedRegionFile, ALinkIsReplacedNotFollowed) {
    const std::string target = path + "-target";
    ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
    const UniqueFd fd = create_region_file(name, mib);
    struct stat status {};
    EXPECT_NE(::lstat(target.c_str(), &status), 0);
    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISREG(status.st_mode));
}

TEST(RegionFile, RefusesANameThatIsNone) {
    for (const std::string name : {"a/b", "/", "../x", "/dev/shm/x", ".", ".."}) {
        EXPECT_THROW(create_region_file(name, mib), FabricError) << name;
    }
}

TEST(RegionFile, ASizeThatCannotBeIsRefused) {
    EXPECT_THROW(create_region_file("", std::uint64_t{1} << 63), FabricError);
}

TEST(FormatRegion, NamesEachSlotOfTheMailbox) {
    FakeFabric fabric;
    const std::uint32_t ports = fabric.geometry().ports;
    const auto& mail = at<layout::MailGlobals>(fabric.region(), 0);
    EXPECT_EQ(mail.slot_bytes, 512U);
    EXPECT_EQ(mail.buf_offset, 128U);
    EXPECT_EQ(mail.clients, ports);
    EXPECT_EQ(mail.events, ports + 2);
    EXPECT_EQ(mail.server_id, ports + 1);
    for (std::uint32_t id = 1; id <= ports + 1; ++id) {
        EXPECT_EQ(at<layout::MailSlot>(fabric.region(), id * 512).peer_id, id);
    }
    EXPECT_EQ(Geometry::read(fabric.region()), fabric.geometry());
}

TEST(FormatRegion, WritesTheFabricsNumberAndRepairsIt) {
    GeometryRequest request = FakeFabric::small_request();
    request.number = 7;
    const FakeFabric fabric(request);
    auto& header = at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset);
    EXPECT_EQ(header.number, 7U);
    header.number = 8;
    repair_header(fabric.region(), fabric.geometry(), 2, MailDialect::with_class);
    EXPECT_EQ(header.number, 7U);
}

TEST(FormatRegion, RefusesAMappingOfAnotherSize) {
    const Geometry geometry = Geometry::plan(FakeFabric::small_request());
    const FencedMemory memory(geometry.region_bytes / 2);
    EXPECT_THROW(format_region(memory.bytes(), geometry, 2), FabricError);
}

}  // namespace
}  // namespace famez::test
