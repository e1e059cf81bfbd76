// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include <famez/address_book.h>
#include <famez/memory.h>
#include <famez/port_table.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::uint64_t group = 0x0000'0100'5e01;
constexpr std::uint64_t unicast = 0xaa02;

constexpr std::uint64_t derived(std::uint64_t id, std::uint64_t fabric = 0) {
    return 0x003e'fa02 | fabric << 24 | (id >> 8) << 32 | (id & 255) << 40;
}

// Ports that are nothing but their entries.
class AddressBookTest : public testing::Test {
  protected:
    layout::PortEntry& entry(std::uint32_t id) {
        return port_entry(fabric_.region(), fabric_.geometry(), id);
    }
    void raise(std::uint32_t id, const std::vector<std::uint64_t>& addresses,
               std::uint32_t filter = 0) {
        entry(id).assignment.assigned = 1;
        entry(id).status.state = static_cast<std::uint32_t>(layout::PortState::up);
        entry(id).addresses.count = static_cast<std::uint32_t>(addresses.size());
        entry(id).addresses.filter = filter;
        std::copy(addresses.begin(), addresses.end(), entry(id).addresses.address);
        bell_.ring();
    }
    std::uint32_t owner(std::uint64_t address) {
        book_.refresh();
        return book_.current().owner(address);
    }
    std::uint32_t recipient(std::uint64_t address, std::uint32_t self) {
        book_.refresh();
        return book_.current().recipient(address, self);
    }
    Ids hearers(std::uint64_t address) {
        book_.refresh();
        Ids ids;
        book_.current().each_hearer(address, [&](std::uint32_t id) { ids.push_back(id); });
        return ids;
    }

    explicit AddressBookTest(std::uint32_t number = 0) : fabric_(numbered(number)) {}

    FakeFabric fabric_;
    TableBell bell_{fabric_.region(), fabric_.geometry(), 1};
    AddressBook book_{fabric_.region(), fabric_.geometry()};

  private:
    static GeometryRequest numbered(std::uint32_t number) {
        GeometryRequest request = FakeFabric::small_request();
        request.number = number;
        return request;
    }
};
class AddressBookOfSevenTest : public AddressBookTest {
  protected:
    AddressBookOfSevenTest() : AddressBookTest(7) {}
};

TEST_F(AddressBookTest, AnEmptyFabricHasNobody) {
    EXPECT_EQ(owner(unicast), 0U);
    EXPECT_EQ(hearers(broadcast_address), Ids{});
    EXPECT_EQ(hearers(group), Ids{});
}

TEST_F(AddressBookTest, AnAddressIsFoundWhenTheGenerationMoves) {
    raise(2, {derived(2), unicast});
    EXPECT_EQ(owner(unicast), 2U);
    EXPECT_EQ(owner(unicast + 0x100), 0U);
    // Written without a word to anybody: seen in the end, not at once.
    entry(2).addresses.address[1] = unicast + 0x100;
    EXPECT_EQ(owner(unicast), 2U);
    for (int i = 0; i < 32; ++i)
        book_.refresh();
    EXPECT_EQ(owner(unicast), 0U);
    EXPECT_EQ(owner(unicast + 0x100), 2U);
}

TEST_F(AddressBookTest, APortThatIsNotUpHasNoAddress) {
    raise(2, {unicast}, layout::filter_promiscuous);
    entry(2).status.state = static_cast<std::uint32_t>(layout::PortState::stopped);
    bell_.ring();
    EXPECT_EQ(owner(unicast), 0U);
    EXPECT_EQ(hearers(broadcast_address), Ids{});
}

TEST_F(AddressBookTest, OfTwoThatClaimAnAddressTheLowerIdHasIt) {
    raise(3, {unicast, unicast});
    raise(2, {0x1234'00, unicast});
    raise(4, {unicast});
    EXPECT_EQ(owner(unicast), 2U);
}

TEST_F(AddressBookTest, NobodyCanClaimWhatIsNoAddressOfItsOwn) {
    raise(2, {0, derived(3), broadcast_address, unicast | std::uint64_t{1} << 48, ~std::uint64_t{0},
              group});
    for (const std::uint64_t address :
         {std::uint64_t{0}, derived(3), broadcast_address, unicast, group}) {
        EXPECT_EQ(owner(address), 0U) << std::hex << address;
    }
    EXPECT_EQ(hearers(group), Ids{2});
}

// What another fabric derives from an id is as any other unicast address: a gateway may have it.
TEST_F(AddressBookTest, AnotherFabricsAddressIsAsAnyOther) {
    raise(2, {derived(3, 7)});
    raise(4, {}, layout::filter_promiscuous);
    EXPECT_EQ(owner(derived(3, 7)), 2U);
    EXPECT_EQ(owner(derived(2, 7)), 0U);
    EXPECT_EQ(hearers(derived(2, 7)), Ids{4});
}

TEST_F(AddressBookOfSevenTest, NobodyCanClaimWhatThisFabricDerives) {
    raise(2, {derived(3, 7), derived(3), derived(3, 255)});
    EXPECT_EQ(owner(derived(3, 7)), 0U);
    EXPECT_EQ(owner(derived(3)), 2U);
    EXPECT_EQ(owner(derived(3, 255)), 2U);
}

// A switch: frames for it are no copies for many.
TEST_F(AddressBookTest, TheOnlyPromiscuousPortGetsWhatIsNobodys) {
    raise(1, {derived(1)});
    raise(2, {unicast});
    EXPECT_EQ(recipient(unicast + 0x100, 1), 0U);
    raise(3, {}, layout::filter_promiscuous);
    EXPECT_EQ(recipient(unicast + 0x100, 1), 3U);
    EXPECT_EQ(recipient(unicast, 1), 2U);
    EXPECT_EQ(recipient(group, 1), 0U);
    EXPECT_EQ(recipient(broadcast_address, 1), 0U);
    // What it sends itself to nobody has nobody to hear it ...
    EXPECT_EQ(recipient(unicast + 0x100, 3), 0U);
    // ... unless there is another one; for all others those are several.
    raise(4, {}, layout::filter_promiscuous);
    EXPECT_EQ(recipient(unicast + 0x100, 3), 4U);
    EXPECT_EQ(recipient(unicast + 0x100, 4), 3U);
    EXPECT_EQ(recipient(unicast + 0x100, 1), 0U);
}

TEST_F(AddressBookTest, ACountBeyondTheArrayIsCut) {
    std::vector<std::uint64_t> addresses(layout::addresses_max);
    for (std::size_t i = 0; i < addresses.size(); ++i)
        addresses[i] = unicast + (i << 8);
    raise(2, addresses);
    entry(2).addresses.count = ~0U;
    // The counters stand behind the array.
    entry(2).counters.tx_messages = unicast + 0x10'0000;
    bell_.ring();
    for (const std::uint64_t address : addresses)
        EXPECT_EQ(owner(address), 2U);
    EXPECT_EQ(owner(unicast + 0x10'0000), 0U);
}

TEST_F(AddressBookTest, WhoHearsWhat) {
    raise(1, {derived(1)});
    raise(2, {derived(2), group});
    raise(3, {derived(3)}, layout::filter_all_multicast);
    raise(4, {derived(4)}, layout::filter_promiscuous);
    EXPECT_EQ(hearers(broadcast_address), (Ids{1, 2, 3, 4}));
    EXPECT_EQ(hearers(group), (Ids{2, 3, 4}));
    EXPECT_EQ(hearers(group + 0x100), (Ids{3, 4}));
    EXPECT_EQ(hearers(unicast), Ids{4});
}

TEST_F(AddressBookTest, AGroupHasManyMembers) {
    for (std::uint32_t id = 1; id <= 4; ++id)
        raise(id, {group, group + 0x200, id % 2 == 0 ? group + 0x100 : unicast});
    EXPECT_EQ(hearers(group), (Ids{1, 2, 3, 4}));
    EXPECT_EQ(hearers(group + 0x100), (Ids{2, 4}));
    EXPECT_EQ(hearers(group + 0x200), (Ids{1, 2, 3, 4}));
    EXPECT_EQ(hearers(group + 0x300), Ids{});
    EXPECT_EQ(owner(unicast), 1U);
}

TEST_F(AddressBookTest, AllAddressesOfAFullTableAreFound) {
    std::mt19937_64 random(7);
    std::vector<std::vector<std::uint64_t>> all(5);
    for (std::uint32_t id = 1; id <= 4; ++id) {
        for (std::uint32_t i = 0; i < layout::addresses_max; ++i)
            all[id].push_back((random() & address_bits & ~std::uint64_t{1}) << 1 & address_bits);
        raise(id, all[id]);
    }
    for (std::uint32_t id = 1; id <= 4; ++id) {
        for (const std::uint64_t address : all[id])
            EXPECT_EQ(owner(address), id);
    }
}

// For the thread sanitizer: the sender reads while the control thread makes tables.
TEST_F(AddressBookTest, TheSenderReadsWhileTheBookIsMade) {
    raise(2, {unicast});
    book_.refresh();
    std::atomic<bool> end{false};
    std::thread control([&] {
        while (!end) {
            bell_.ring();
            book_.refresh();
        }
    });
    for (int i = 0; i < 20'000; ++i)
        ASSERT_EQ(book_.current().owner(unicast), 2U);
    end = true;
    control.join();
}

// Whatever stands in the table, ids are those of ports and nothing outside is read.
TEST_F(AddressBookTest, RandomTables) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 200; ++round) {
        for (std::uint32_t id = 1; id <= 4; ++id) {
            auto* words = reinterpret_cast<std::uint64_t*>(&entry(id).addresses);
            for (std::size_t i = 0; i < sizeof(layout::PortAddresses) / sizeof *words; ++i)
                words[i] = random() % 3 == 0 ? random() : random() % 8;
            entry(id).assignment.assigned = 1;
            entry(id).status.state = random() % 4;
        }
        bell_.ring();
        for (std::uint64_t address = 0; address < 8; ++address) {
            EXPECT_LE(owner(address), 4U);
            for (const std::uint32_t id : hearers(address)) {
                EXPECT_GE(id, 1U);
                EXPECT_LE(id, 4U);
            }
        }
    }
}

}  // namespace
}  // namespace famez::test
