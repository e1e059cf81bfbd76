// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "address.h"

namespace famez::fwd {
namespace {

TEST(FwdAddressTest, AreTheBytesOfAFrame) {
    const std::array<std::uint8_t, ether_header> frame = {0x02, 0xfa, 0x3e, 0x00, 0x01, 0x02, 0xff,
                                                          0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0x08, 0x00};
    EXPECT_EQ(destination_of(frame.data()), make_address(0x02, 0xfa, 0x3e, 0x00, 0x01, 0x02));
    EXPECT_EQ(source_of(frame.data()), make_address(0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa));
    EXPECT_EQ(make_address(1, 2, 3, 4, 5, 6), 0x0605'0403'0201U);
}

TEST(FwdAddressTest, GroupsAreTold) {
    EXPECT_TRUE(is_group(address_mask));
    EXPECT_TRUE(is_group(make_address(0x33, 0x33, 0, 0, 0, 1)));
    EXPECT_FALSE(is_group(address_of_port(65535)));
    EXPECT_FALSE(is_group(address_of_component(0xffffff, 0xffff)));
}

TEST(FwdAddressTest, PortsAndComponents) {
    EXPECT_EQ(to_text(address_of_port(3)), "02:fa:3e:00:00:03");
    EXPECT_EQ(to_text(address_of_port(0xabcd)), "02:fa:3e:00:ab:cd");
    EXPECT_EQ(address_of_component(300, 27), address_of_port(3));
    EXPECT_EQ(address_of_component(6553500, 27), address_of_port(65535));
    EXPECT_EQ(to_text(address_of_component(301, 27)), "06:00:01:2d:00:1b");
    EXPECT_EQ(to_text(address_of_component(300, 28)), "06:00:01:2c:00:1c");
    EXPECT_EQ(to_text(address_of_component(0, 27)), "06:00:00:00:00:1b");
    EXPECT_EQ(to_text(address_of_component(6553600, 27)), "06:64:00:00:00:1b");
    EXPECT_EQ(to_text(address_of_component(0xabcdef, 0x1234)), "06:ab:cd:ef:12:34");
}

TEST(FwdAddressTest, AreReadInAllTheirForms) {
    EXPECT_EQ(parse_address("3"), address_of_port(3));
    EXPECT_EQ(parse_address("0x3"), address_of_port(3));
    EXPECT_EQ(parse_address("65535"), address_of_port(65535));
    EXPECT_EQ(parse_address("300,27"), address_of_port(3));
    EXPECT_EQ(parse_address("0x12c,0x1b"), address_of_port(3));
    EXPECT_EQ(parse_address("16777215,65535"), address_of_component(0xffffff, 0xffff));
    EXPECT_EQ(parse_address("02:fa:3e:00:00:03"), address_of_port(3));
    EXPECT_EQ(parse_address("2:FA:3e:0:0:3"), address_of_port(3));
    for (const char* text : {"02:fa:3e:00:00:03", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"}) {
        const auto address = parse_address(text);
        ASSERT_TRUE(address.has_value()) << text;
        EXPECT_EQ(to_text(*address), text);
    }
}

TEST(FwdAddressTest, NothingElseIsOne) {
    for (const char* text : {"",
                             "x",
                             "-1",
                             "65536",
                             "0x",
                             "0x10000",
                             "3 ",
                             " 3",
                             "300,",
                             ",27",
                             "300,27,1",
                             "16777216,27",
                             "300,65536",
                             "300,-1",
                             "02:fa:3e:00:00",
                             "02:fa:3e:00:00:03:04",
                             "02:fa:3e:00:00:",
                             "02:fa:3e:00:00:100",
                             "02:fa:3e:00:00:0x3",
                             "02:fa:3e:00:00:003",
                             "02-fa-3e-00-00-03",
                             ":",
                             "02:fa:3e:00:00:-3"}) {
        EXPECT_EQ(parse_address(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace famez::fwd
