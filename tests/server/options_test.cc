// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <gtest/gtest.h>

#include <vector>

namespace famez {
namespace {

Parsed parse(std::vector<const char*> words) {
    words.insert(words.begin(), "famez_server");
    return parse_options(static_cast<int>(words.size()), words.data());
}

TEST(Options, HaveTheirDefaults) {
    const Parsed parsed = parse({});
    ASSERT_FALSE(parsed.exit_code);
    const ServerOptions& options = parsed.options;
    EXPECT_EQ(options.socket_path, "/tmp/ivshmsg_socket");
    EXPECT_EQ(options.socket_mode, 0600U);
    EXPECT_EQ(options.socket_group, static_cast<gid_t>(-1));
    EXPECT_EQ(options.mailbox, "");
    EXPECT_EQ(options.geometry.ports, 14U);
    EXPECT_EQ(options.geometry.number, 0U);
    EXPECT_EQ(options.geometry.region_bytes, 1U << 30);
    EXPECT_EQ(options.vectors, 16U);
    EXPECT_TRUE(options.recycle);
    EXPECT_FALSE(options.silent);
}

TEST(Options, HaveTheNamesOfTheOriginal) {
    const Parsed parsed = parse({"--nClients", "20", "-S", "/tmp/x", "-M", "box", "-s", "-v", "-v",
                                 "--norecycle", "--region-size", "256M", "--ring-size", "64K"});
    ASSERT_FALSE(parsed.exit_code);
    EXPECT_EQ(parsed.options.geometry.ports, 20U);
    EXPECT_EQ(parsed.options.socket_path, "/tmp/x");
    EXPECT_EQ(parsed.options.mailbox, "box");
    EXPECT_TRUE(parsed.options.silent);
    EXPECT_EQ(parsed.options.verbosity, 2);
    EXPECT_FALSE(parsed.options.recycle);
    EXPECT_EQ(parsed.options.geometry.region_bytes, 256U << 20);
    EXPECT_EQ(parsed.options.geometry.ring_bytes, 64U << 10);
    EXPECT_EQ(parse({"-n", "3"}).options.geometry.ports, 3U);
    EXPECT_EQ(parse({"--ports", "3"}).options.vectors, 5U);
    EXPECT_EQ(parse({"--socket-mode", "660"}).options.socket_mode, 0660U);
    EXPECT_EQ(parse({"--socket-group", "0"}).options.socket_group, 0U);
    EXPECT_TRUE(parse({"--recycle"}).options.recycle);
}

TEST(Options, VectorsServeMailWhileQemuCanHoldThem) {
    EXPECT_EQ(default_vectors(14, 1), 16U);
    EXPECT_EQ(default_vectors(29, 1), 31U);  // 899
    EXPECT_EQ(default_vectors(30, 1), 1U);   // 960
    EXPECT_EQ(default_vectors(62, 2), 2U);
    EXPECT_EQ(default_vectors(14, 4), 19U);
    EXPECT_EQ(default_vectors(29, 4), 31U);
    EXPECT_EQ(parse({"--ports", "62"}).options.vectors, 1U);
    EXPECT_EQ(parse({"--ports", "62", "--vectors", "64"}).options.vectors, 64U);
    ServerOptions options;
    options.geometry.ports = 62;
    options.vectors = 64;
    EXPECT_GE(client_descriptors(options), 63U * 64);
    EXPECT_GE(server_descriptors(options), 63U * 64 + 62);
}

TEST(Options, OfAStockServer) {
    const ServerOptions stock = parse({"--stock"}).options;
    EXPECT_TRUE(stock.stock && stock.silent && !stock.recycle);
    EXPECT_EQ(stock.vectors, 1U);
    EXPECT_EQ(stock.geometry.region_bytes, 4U << 20);
    EXPECT_EQ(parse({"--stock", "-n", "5"}).options.vectors, 5U);
    EXPECT_EQ(parse({"--stock", "--vectors", "6"}).options.vectors, 6U);
    EXPECT_EQ(parse({"--stock", "-l", "64K"}).options.geometry.region_bytes, 64U << 10);
    EXPECT_EQ(parse({"--stock", "-l", "1G"}).options.geometry.region_bytes, 1U << 30);
}

TEST(Options, OfTheFabricsNumber) {
    EXPECT_EQ(parse({"--fabric", "0"}).options.geometry.number, 0U);
    EXPECT_EQ(parse({"--fabric", "255"}).options.geometry.number, 255U);
}

TEST(Options, OfMemory) {
    EXPECT_EQ(parse({}).options.hugepages, std::nullopt);
    EXPECT_EQ(parse({"--hugepages"}).options.hugepages, 0U);
    EXPECT_EQ(parse({"--hugepages", "-v"}).options.hugepages, 0U);
    EXPECT_EQ(parse({"--hugepages", "2M"}).options.hugepages, 2U << 20);
    EXPECT_EQ(parse({"--hugepages=1G"}).options.hugepages, 1U << 30);
    EXPECT_EQ(parse({}).options.numa_node, std::nullopt);
    EXPECT_EQ(parse({"--numa-node", "0"}).options.numa_node, 0);
}

TEST(Options, OfTheProcess) {
    const ServerOptions options = parse({"-D", "-L", "x.log"}).options;
    EXPECT_TRUE(options.daemon);
    EXPECT_EQ(options.logfile.front(), '/');  // it leaves its directory
    EXPECT_TRUE(options.logfile.ends_with("/x.log"));
    EXPECT_EQ(parse({"--daemon", "--logfile", "/x"}).options.logfile, "/x");
    EXPECT_EQ(parse({}).options.logfile, "");
}

TEST(Options, OfMail) {
    EXPECT_TRUE(parse({}).options.manager);
    EXPECT_FALSE(parse({"--noPFM"}).options.manager);
    EXPECT_FALSE(parse({"--no-manager"}).options.manager);
    EXPECT_EQ(parse({}).options.mail_dialect, MailDialect::with_class);
    EXPECT_EQ(parse({"--mail-dialect", "with-class"}).options.mail_dialect,
              MailDialect::with_class);
    EXPECT_EQ(parse({"--mail-dialect", "without-class"}).options.mail_dialect,
              MailDialect::without_class);
}

TEST(Options, OfRest) {
    const ServerOptions preset = parse({}).options;
    EXPECT_EQ(preset.rest, (RestAddress{"127.0.0.1", 1991}));
    EXPECT_FALSE(preset.rest_given);
    const ServerOptions other = parse({"--rest", "10.1.2.3:80"}).options;
    EXPECT_EQ(other.rest, (RestAddress{"10.1.2.3", 80}));
    EXPECT_TRUE(other.rest_given);
    EXPECT_EQ(parse({"--rest", "[::1]:0"}).options.rest, (RestAddress{"::1", 0}));
    EXPECT_EQ(parse({"--rest", "localhost:65535"}).options.rest, (RestAddress{"localhost", 65535}));
    EXPECT_EQ(parse({"--rest", "off"}).options.rest, std::nullopt);
    EXPECT_EQ(parse({"--stock"}).options.rest, std::nullopt);
    EXPECT_EQ(parse({"--stock", "--rest", "x:1"}).options.rest, (RestAddress{"x", 1}));
    EXPECT_EQ(to_string(RestAddress{"::1", 1991}), "[::1]:1991");
    EXPECT_EQ(to_string(RestAddress{"127.0.0.1", 1991}), "127.0.0.1:1991");
}

TEST(Options, WrongOnesEndWithTwo) {
    for (const auto& words :
         std::vector<std::vector<const char*>>{{"--ports", "0"},
                                               {"--ports", "4095"},
                                               {"--ports", "many"},
                                               {"--vectors", "0"},
                                               {"--vectors", "2049"},
                                               {"--fabric", "256"},
                                               {"--fabric", "-1"},
                                               {"--fabric", "blue"},
                                               {"--lanes", "65"},
                                               {"--region-size", "3M"},
                                               {"--region-size", "12Q"},
                                               {"--region-size", "1M", "--ports", "1000"},
                                               {"--ring-size", "5000"},
                                               {"--socket-mode", "1777"},
                                               {"--socket-mode", "rw"},
                                               {"--socket-mode", ""},
                                               {"--socket-group", "no such group"},
                                               {"--mailbox", "a/b"},
                                               {"--mailbox", "..x"},
                                               {"--recycle", "--no-recycle"},
                                               {"--socketpath"},
                                               {"--stock", "--ports", "3"},
                                               {"--stock", "--fabric", "2"},
                                               {"--stock", "--lanes", "2"},
                                               {"--stock", "--no-recycle"},
                                               {"--stock", "-n", "2049"},
                                               {"--stock", "-l", "5M"},
                                               {"--stock", "-l", "2K"},
                                               {"-n", "3", "--ports", "3"},
                                               {"-n", "0"},
                                               {"--hugepages", "3M"},
                                               {"--hugepages", "big"},
                                               {"--hugepages", "--mailbox", "x"},
                                               {"--numa-node", "-1"},
                                               {"--numa-node", "all"},
                                               {"--logfile"},
                                               {"--rest", "on"},
                                               {"--rest", "127.0.0.1"},
                                               {"--rest", "127.0.0.1:"},
                                               {"--rest", ":1991"},
                                               {"--rest", "127.0.0.1:65536"},
                                               {"--rest", "::1:1991"},
                                               {"--rest", "[]:1991"},
                                               {"--mail-dialect", "new"},
                                               {"--unknown"},
                                               {"word"}}) {
        EXPECT_EQ(parse(words).exit_code, 2) << words[0] << " " << words.back();
    }
}

TEST(Options, HelpAndVersionEndWithZero) {
    EXPECT_EQ(parse({"--help"}).exit_code, 0);
    EXPECT_EQ(parse({"-h"}).exit_code, 0);
    EXPECT_EQ(parse({"--version"}).exit_code, 0);
}

}  // namespace
}  // namespace famez
