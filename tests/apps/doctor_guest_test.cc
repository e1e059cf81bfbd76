// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <famez/memory.h>

#include "doctor_fixture.h"

namespace famez::doctor {
namespace {

using ::testing::Test;

bool says(const std::string& text, const char* what) {
    return text.find(what) != std::string::npos;
}

class GuestTest : public Test {
  protected:
    FakeMachine machine_;
    Environment& environment_ = machine_.environment;
};

// Moves the heartbeat of a region as a server does.
class Heart {
  public:
    explicit Heart(const FakeMachine& machine)
        : mapping_(Mapping::map(machine.region_file().get(), true)), thread_([this] { beat(); }) {}
    Heart(const Heart&) = delete;
    Heart& operator=(const Heart&) = delete;
    ~Heart() {
        stop_ = true;
        thread_.join();
    }

  private:
    void beat() {
        const Geometry geometry = Geometry::read(mapping_.bytes());
        auto& header = at<layout::FabricHeader>(mapping_.bytes(), geometry.header_offset);
        for (std::uint64_t count = 1; !stop_; ++count) {
            store_relaxed(header.server_heartbeat, count);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    Mapping mapping_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

TEST_F(GuestTest, FindsNothingWrongWithAGoodOne) {
    machine_.set_up_well();
    const Heart heart(machine_);
    for (const Finding& finding : check_guest(environment_)) {
        EXPECT_EQ(finding.verdict, Verdict::ok) << finding.name << ": " << finding.found;
        EXPECT_EQ(finding.wrong, "");
        EXPECT_EQ(finding.cure, "");
    }
    const Findings findings = check_guest(environment_);
    EXPECT_TRUE(says(find(findings, "region").found, "layout version 1.0, 3 ports"));
    EXPECT_TRUE(says(find(findings, "region").found, "5 vectors, 16 MiB"));
    EXPECT_TRUE(says(find(findings, "memory type").found, "write-back"));
}

TEST_F(GuestTest, MissesTheDevice) {
    const Finding finding = find(check_guest(environment_), "device");
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_TRUE(says(finding.cure, "-device ivshmem-doorbell,chardev=ZMSG"));
}

TEST_F(GuestTest, LeavesTheDeviceOfAvpAlone) {
    machine_.add_device(above_4g, FakeMachine::region_bytes, "0x1104");
    const Finding finding = find(check_guest(environment_), "device");
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_TRUE(says(finding.found, "0000:00:03.0 has the same id"));
}

TEST_F(GuestTest, LooksAtOneDeviceOnlyWhenAsked) {
    machine_.set_up_well();
    environment_.device = "00:03.0";
    EXPECT_EQ(find_famez_devices(environment_).size(), 1U);
    environment_.device = "00:04.0";
    EXPECT_EQ(find_famez_devices(environment_).size(), 0U);
}

TEST_F(GuestTest, SeesThatNoDriverIsBound) {
    machine_.set_up_well();
    machine_.remove(machine_.device + "driver");
    const Finding finding = check_driver(environment_, machine_.only_device());
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_TRUE(says(finding.cure, "dpdk-devbind.py -b vfio-pci 0000:00:03.0"));
    EXPECT_TRUE(says(finding.cure, "echo 0000:00:03.0 > /sys/bus/pci/drivers_probe"));
    EXPECT_FALSE(says(finding.cure, "unbind"));
    EXPECT_EQ(find(check_guest(environment_), "permissions").verdict, Verdict::not_applicable);
}

TEST_F(GuestTest, TakesAnotherDriverAway) {
    machine_.set_up_well();
    machine_.bind("ivshmem");
    const Finding finding = check_driver(environment_, machine_.only_device());
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_TRUE(says(finding.cure,
                     "echo 0000:00:03.0 > /sys/bus/pci/devices/0000:00:03.0/"
                     "driver/unbind"));
}

TEST_F(GuestTest, NamesTheProgramThatHasTheDevice) {
    machine_.set_up_well();
    machine_.write("proc/4711/comm", "dpdk-testpmd\n");
    machine_.link("proc/4711/fd/9", machine_.path("dev/vfio/3").string());
    EXPECT_EQ(check_driver(environment_, machine_.only_device()).found,
              "vfio-pci, in use by dpdk-testpmd (pid 4711)");
}

TEST_F(GuestTest, WarnsOfUio) {
    machine_.set_up_well();
    machine_.remove(machine_.device + "iommu_group");
    machine_.bind("uio_pci_generic");
    machine_.write(machine_.device + "uio/uio0/name", "");
    machine_.write("dev/uio0", "");
    machine_.write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n");
    const Findings findings = check_guest(environment_);
    EXPECT_EQ(find(findings, "driver").verdict, Verdict::warning);
    EXPECT_EQ(find(findings, "viommu").verdict, Verdict::not_applicable);
    EXPECT_EQ(find(findings, "permissions").verdict, Verdict::ok);
    EXPECT_EQ(find(findings, "hugepages").verdict, Verdict::problem);
    environment_.root = false;
    EXPECT_EQ(check_permissions(environment_, machine_.only_device()).verdict, Verdict::problem);
}

TEST_F(GuestTest, MissesTheIommu) {
    machine_.set_up_well();
    machine_.remove(machine_.device + "iommu_group");
    machine_.remove(machine_.device + "driver");
    const Finding finding = check_viommu(environment_, machine_.only_device());
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_TRUE(says(finding.cure, "-device intel-iommu,intremap=on"));
    EXPECT_TRUE(says(check_driver(environment_, machine_.only_device()).cure, "first give the VM"));
}

TEST_F(GuestTest, WarnsOfVfioWithoutIommu) {
    machine_.set_up_well();
    machine_.remove(machine_.device + "iommu_group");
    machine_.write("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
    EXPECT_EQ(check_viommu(environment_, machine_.only_device()).verdict, Verdict::warning);
    machine_.add_group("0");
    machine_.write("sys/kernel/iommu_groups/0/name", "vfio-noiommu\n");
    machine_.write("dev/vfio/noiommu-0", "");
    EXPECT_EQ(check_viommu(environment_, machine_.only_device()).verdict, Verdict::warning);
    EXPECT_TRUE(says(check_permissions(environment_, machine_.only_device()).found, "noiommu-0"));
}

TEST_F(GuestTest, SeesThatBar2HasNoAddress) {
    machine_.set_up_well();
    machine_.set_bar2(0, 0, 0);
    EXPECT_EQ(find(check_guest(environment_), "bar2").verdict, Verdict::problem);
    // As the kernel shows a BAR for which it found no room.
    machine_.set_bar2(1, FakeMachine::region_bytes, 0x20000000 | 0x14220c);
    const Findings findings = check_guest(environment_);
    EXPECT_EQ(find(findings, "bar2").verdict, Verdict::problem);
    EXPECT_TRUE(says(find(findings, "bar2").cure, "--region-size"));
    EXPECT_FALSE(says(find(findings, "bar2").cure, "pref64-reserve"));
    PciDevice plugged = machine_.only_device();
    plugged.address = "0000:01:00.0";
    EXPECT_TRUE(says(check_bar2(plugged).cure, "pref64-reserve"));
    EXPECT_EQ(find(findings, "memory type").verdict, Verdict::not_applicable);
    EXPECT_EQ(find(findings, "region").verdict, Verdict::not_applicable);
}

TEST_F(GuestTest, WarnsOfABar2Below4G) {
    machine_.set_up_well();
    machine_.set_bar2(below_4g, FakeMachine::region_bytes, 0x14220c);
    EXPECT_EQ(check_bar2(machine_.only_device()).verdict, Verdict::ok);
    const Finding finding = check_memory_type(environment_, machine_.only_device());
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_TRUE(says(finding.found, "write-combining"));
    EXPECT_TRUE(says(finding.cure, "--region-size of 1G"));
}

TEST_F(GuestTest, WarnsWhenDevMemIsClosed) {
    machine_.set_up_well();
    machine_.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    Finding finding = check_memory_type(environment_, machine_.only_device());
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_TRUE(says(finding.found, "locked down"));
    machine_.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
    machine_.remove("dev/mem");
    finding = check_memory_type(environment_, machine_.only_device());
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_TRUE(says(finding.found, "No such file"));
    environment_.root = false;
    EXPECT_EQ(check_memory_type(environment_, machine_.only_device()).cure,
              "run the program as root");
}

TEST_F(GuestTest, SeesAForeignRegion) {
    machine_.set_up_well();
    machine_.remove(machine_.device + "resource2");
    (void)machine_.region_file();  // all zeros, as a stock server's
    const Findings findings = check_guest(environment_);
    EXPECT_EQ(find(findings, "region").verdict, Verdict::problem);
    EXPECT_EQ(find(findings, "server").verdict, Verdict::not_applicable);
}

TEST_F(GuestTest, SeesThatTheServerHasGone) {
    machine_.set_up_well();
    const Findings findings = check_guest(environment_);
    EXPECT_EQ(find(findings, "region").verdict, Verdict::ok);
    EXPECT_EQ(find(findings, "server").verdict, Verdict::problem);
    EXPECT_EQ(worst_of(findings), Verdict::problem);
}

TEST_F(GuestTest, LooksNotIntoASleepingDevice) {
    machine_.set_up_well();
    machine_.write(machine_.device + "config", std::string("\xf4\x1a\x10\x11\x00\x00", 6));
    EXPECT_EQ(find(check_guest(environment_), "region").verdict, Verdict::not_applicable);
    machine_.write(machine_.device + "config", std::string("\xf4\x1a\x10\x11\x02\x00", 6));
    machine_.write(machine_.device + "power_state", "D3hot\n");
    EXPECT_EQ(find(check_guest(environment_), "region").verdict, Verdict::not_applicable);
}

TEST_F(GuestTest, SurvivesARegionThatGoesAway) {
    machine_.set_up_well();
    // Shorter than its BAR: reading it is a SIGBUS, as when a driver takes the device.
    std::filesystem::resize_file(machine_.path(machine_.device + "resource2"), 0);
    const Finding finding = find(check_guest(environment_), "region");
    EXPECT_EQ(finding.verdict, Verdict::not_applicable);
    EXPECT_TRUE(says(finding.found, "taken away"));
}

TEST_F(GuestTest, CallsOnesNoAnswer) {
    machine_.set_up_well();
    machine_.write(machine_.device + "resource2",
                   std::string(std::size_t{FakeMachine::region_bytes}, '\xff'));
    const Finding finding = find(check_guest(environment_), "region");
    EXPECT_EQ(finding.verdict, Verdict::not_applicable);
    EXPECT_TRUE(says(finding.found, "all ones"));
}

TEST_F(GuestTest, JudgesPermissions) {
    machine_.set_up_well();
    environment_.root = false;
    environment_.locked_bytes = 64 << 10;
    EXPECT_EQ(check_permissions(environment_, machine_.only_device()).verdict, Verdict::warning);
    environment_.locked_bytes = unlimited;
    EXPECT_EQ(check_permissions(environment_, machine_.only_device()).verdict, Verdict::ok);
    machine_.remove("dev/vfio/3");
    EXPECT_EQ(check_permissions(environment_, machine_.only_device()).verdict, Verdict::problem);
}

TEST_F(GuestTest, CountsHugepages) {
    EXPECT_EQ(check_hugepages(environment_, false).found, "60 of 64 of 2 MiB free");
    machine_.write("proc/mounts", "");
    EXPECT_EQ(check_hugepages(environment_, false).verdict, Verdict::warning);
    machine_.write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n");
    EXPECT_TRUE(says(check_hugepages(environment_, false).cure, "--no-huge"));
    EXPECT_FALSE(says(check_hugepages(environment_, true).cure, "--no-huge"));
}

TEST_F(GuestTest, FindsOutWhereItIs) {
    EXPECT_EQ(place_of(environment_), Place::host);
    machine_.write("sys/bus/pci/devices/0000:00:00.0/subsystem_vendor", "0x1af4\n");
    machine_.write("sys/bus/pci/devices/0000:00:00.0/subsystem_device", "0x1100\n");
    EXPECT_EQ(place_of(environment_), Place::guest);
    machine_.write("socket", "");
    EXPECT_EQ(place_of(environment_), Place::host);
    machine_.set_up_well();
    EXPECT_EQ(place_of(environment_), Place::guest);
}

}  // namespace
}  // namespace famez::doctor
