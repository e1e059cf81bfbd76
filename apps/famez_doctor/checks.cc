// SPDX-License-Identifier: BSD-3-Clause
#include "checks.h"

namespace famez::doctor {
namespace {

bool is_uio(const PciDevice& device) {
    return device.driver == "uio_pci_generic" || device.driver == "igb_uio";
}

void check_one(const Environment& environment, const PciDevice& device, Findings& findings) {
    const Peek peek = peek_bar2(environment, device);
    for (Finding finding :
         {check_device(device), check_viommu(environment, device),
          check_driver(environment, device), check_permissions(environment, device),
          check_bar2(device), check_memory_type(environment, device), check_region(peek),
          check_server_runs(peek)}) {
        finding.device = device.address;
        findings.push_back(std::move(finding));
    }
}

}  // namespace

const char* to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::warning:
            return "warning";
        case Verdict::problem:
            return "problem";
        case Verdict::not_applicable:
            return "not applicable";
    }
    return "?";
}

Verdict worst_of(const Findings& findings) {
    Verdict worst = Verdict::ok;
    for (const Finding& finding : findings) {
        if (finding.verdict == Verdict::problem) return Verdict::problem;
        if (finding.verdict == Verdict::warning) worst = Verdict::warning;
    }
    return worst;
}

Findings check_guest(const Environment& environment) {
    Findings findings;
    const auto devices = find_famez_devices(environment);
    if (devices.empty()) findings.push_back(check_device_missing(environment));
    bool uio = false;
    for (const PciDevice& device : devices) {
        check_one(environment, device, findings);
        uio = uio || is_uio(device);
    }
    findings.push_back(check_hugepages(environment, uio));
    return findings;
}

Findings check_host(const Environment& environment) {
    Findings findings{check_socket(environment)};
    FabricSize size;
    std::uint64_t region_bytes = 0;
    // Without a server there is nothing to look into, and one problem is enough.
    if (findings.front().verdict != Verdict::problem) {
        findings.push_back(check_socket_rights(environment));
        std::optional<std::uint32_t> id;
        const Peek peek = peek_server(environment, id);
        findings.push_back(check_server_region(peek, id));
        if (const auto* facts = std::get_if<RegionFacts>(&peek)) {
            size = {facts->geometry.ports, facts->vectors, true};
            region_bytes = facts->geometry.region_bytes;
        }
    }
    findings.push_back(check_descriptors(environment, size));
    findings.push_back(check_running_qemus(environment, size));
    findings.push_back(check_memory(environment, region_bytes));
    findings.push_back(check_hugepages(environment, false));
    findings.push_back(check_qemu(environment));
    findings.push_back(check_kvm(environment));
    return findings;
}

}  // namespace famez::doctor
