// SPDX-License-Identifier: BSD-3-Clause
#include "../../drivers/famez_pmd/bar2.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <famez/error.h>

namespace famez::pmd {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t above_4_gb = std::uint64_t{1} << 32;

// What a kernel shows in debugfs.
constexpr const char* memory_types =
    "PAT memtype list:\n"
    "PAT: [mem 0x0000000000000000-0x0000000000001000] write-back\n"
    "PAT: [mem 0x00000000fe000000-0x00000000fe001000] uncached-minus\n"
    "PAT: [mem 0x0000000100000000-0x0000000100001000] write-combining\n"
    "PAT: [mem 0x0000000800000000-0x0000000840000000] write-back\n";

TEST(ListedType, FindsTheEntryThatCoversTheAddress) {
    EXPECT_EQ(listed_type(memory_types, 0xfe000000), CacheType::uncached);
    EXPECT_EQ(listed_type(memory_types, 0xfe000fff), CacheType::uncached);
    EXPECT_EQ(listed_type(memory_types, 0x100000000), CacheType::write_combining);
    EXPECT_EQ(listed_type(memory_types, 0x83fffffff), CacheType::write_back);
}

TEST(ListedType, OutsideAllEntriesIsUnknown) {
    EXPECT_EQ(listed_type(memory_types, 0xfe001000), CacheType::unknown);
    EXPECT_EQ(listed_type(memory_types, 0x840000000), CacheType::unknown);
    EXPECT_EQ(listed_type("", 0), CacheType::unknown);
    EXPECT_EQ(listed_type("PAT: [mem 0x0-\n[mem 0x0 write-back\n]-[mem 0x\n", 0),
              CacheType::unknown);
}

TEST(ParseBar2, KnowsEachWay) {
    EXPECT_EQ(parse_bar2("auto").way, Bar2Wish::Way::best);
    EXPECT_EQ(parse_bar2("wb").way, Bar2Wish::Way::write_back);
    EXPECT_EQ(parse_bar2("wc").way, Bar2Wish::Way::write_combining);
    EXPECT_EQ(parse_bar2("uc").way, Bar2Wish::Way::uncached);
    EXPECT_EQ(parse_bar2("/dev/shared").way, Bar2Wish::Way::path);
    EXPECT_EQ(parse_bar2("/dev/shared").path, "/dev/shared");
}

TEST(ParseBar2, RefusesTheRestAndSaysWhatItCanBe) {
    for (const char* bad : {"", "WB", "dev/mem", "writeback"}) {
        try {
            parse_bar2(bad);
            FAIL() << bad;
        } catch (const FabricError& error) {
            EXPECT_NE(std::string(error.what()).find("auto, wb, wc, uc"), std::string::npos);
        }
    }
}

// A device's directory in sysfs and a /dev/mem, made of plain files.
class Bar2Test : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "famez-bar2-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        place_.directory = name;
        place_.address = above_4_gb;
        place_.bytes = page;
        place_.memory_file = name + "/mem";
        place_.type_list = name + "/types";
    }
    void TearDown() override { std::filesystem::remove_all(place_.directory); }

    void add(const std::string& name, std::uint64_t bytes = page) {
        const std::string path = place_.directory + "/" + name;
        const std::ofstream created(path);
        std::filesystem::resize_file(path, bytes);
    }
    void add_memory() { add("mem", above_4_gb + page); }  // sparse
    void list(const std::string& text) { std::ofstream(place_.type_list) << text; }

    [[nodiscard]] std::string error_of(const Bar2Wish& wish) const {
        try {
            const Bar2 bar2(place_, wish);
            return {};
        } catch (const FabricError& error) {
            return error.what();
        }
    }

    Bar2Place place_;
};

TEST_F(Bar2Test, AutoTakesWriteBackWhereItCan) {
    add_memory();
    add("resource2_wc");
    const Bar2 bar2(place_, parse_bar2("auto"));
    EXPECT_EQ(bar2.type(), CacheType::write_back);
    EXPECT_EQ(bar2.memory_type(), MemoryType::write_back);
    EXPECT_EQ(bar2.cure(), "");
    EXPECT_EQ(bar2.bytes().size(), page);
}

TEST_F(Bar2Test, AutoTakesWriteCombiningWithoutAccessToMemory) {
    add("resource2_wc");
    add("resource2");
    const Bar2 bar2(place_, parse_bar2("auto"));
    EXPECT_EQ(bar2.type(), CacheType::write_combining);
    EXPECT_EQ(bar2.memory_type(), MemoryType::weak);
    EXPECT_NE(bar2.cure().find("root"), std::string::npos);
}

TEST_F(Bar2Test, AutoTakesWriteCombiningBelow4GbAndNamesTheLargerRegion) {
    place_.address = above_4_gb / 2;
    add_memory();
    add("resource2_wc");
    const Bar2 bar2(place_, parse_bar2("auto"));
    EXPECT_EQ(bar2.type(), CacheType::write_combining);
    EXPECT_NE(bar2.cure().find("1 GiB"), std::string::npos);
}

TEST_F(Bar2Test, AutoTakesUncachedWhenThereIsNothingElse) {
    add("resource2");
    const Bar2 bar2(place_, parse_bar2("auto"));
    EXPECT_EQ(bar2.type(), CacheType::uncached);
    EXPECT_EQ(bar2.memory_type(), MemoryType::weak);
}

TEST_F(Bar2Test, AutoFailsWhenNothingMaps) {
    EXPECT_NE(error_of(parse_bar2("auto")).find("another program"), std::string::npos);
}

TEST_F(Bar2Test, WriteBackIsRefusedBelow4GbWithTheCure) {
    place_.address = above_4_gb - page;
    add_memory();
    EXPECT_NE(error_of(parse_bar2("wb")).find("1 GiB or more"), std::string::npos);
}

TEST_F(Bar2Test, AWayThatDoesNotWorkIsNotReplacedByAnother) {
    add("resource2");
    EXPECT_NE(error_of(parse_bar2("wb")).find("/mem"), std::string::npos);
    EXPECT_NE(error_of(parse_bar2("wc")).find("resource2_wc"), std::string::npos);
}

TEST_F(Bar2Test, AnotherFileIsWeakUnlessTheKernelSaysOtherwise) {
    add("device");
    const Bar2Wish wish = parse_bar2(place_.directory + "/device");
    EXPECT_EQ(Bar2(place_, wish).type(), CacheType::unknown);
    EXPECT_EQ(Bar2(place_, wish).memory_type(), MemoryType::weak);
    list("PAT: [mem 0x0000000100000000-0x0000000100001000] write-back\n");
    EXPECT_EQ(Bar2(place_, wish).memory_type(), MemoryType::write_back);
}

TEST_F(Bar2Test, TheKernelsListIsBelieved) {
    add_memory();
    list("PAT: [mem 0x0000000100000000-0x0000000100001000] uncached-minus\n");
    const Bar2 bar2(place_, parse_bar2("wb"));
    EXPECT_EQ(bar2.type(), CacheType::uncached);
    EXPECT_EQ(bar2.memory_type(), MemoryType::weak);
    EXPECT_NE(bar2.describe().find("uncached"), std::string::npos);
}

TEST_F(Bar2Test, AnUnassignedBarIsSaidToBeOne) {
    place_.address = 0;
    EXPECT_NE(error_of(parse_bar2("auto")).find("no address"), std::string::npos);
}

}  // namespace
}  // namespace famez::pmd
