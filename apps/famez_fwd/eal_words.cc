// SPDX-License-Identifier: BSD-3-Clause
#include "eal_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "device_name.h"

namespace famez::fwd {
namespace {

using Words = std::vector<std::string>;

// What EAL's words say of devices.
class Devices {
  public:
    explicit Devices(const Words& words) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string* const next = i + 1 < words.size() ? &words[i + 1] : nullptr;
            add(vdevs_, value_of("--vdev", words[i], next));
            add(allowed_, value_of("--allow", words[i], next));
            add(allowed_, value_of("-a", words[i], next));
        }
    }
    [[nodiscard]] bool has(const std::string& device) const {
        return contains(vdevs_, device) || contains(allowed_, device);
    }
    // Once one is named, EAL leaves out all other PCI devices.
    [[nodiscard]] bool allows_some_only() const { return !allowed_.empty(); }

  private:
    static bool contains(const Words& devices, const std::string& device) {
        return std::find(devices.begin(), devices.end(), device) != devices.end();
    }
    // "--vdev=X", "--vdev X", "-aX", "-a X".
    static std::optional<std::string_view> value_of(std::string_view option, std::string_view word,
                                                    const std::string* next) {
        if (!word.starts_with(option)) return std::nullopt;
        word.remove_prefix(option.size());
        if (word.empty())
            return next == nullptr ? std::nullopt : std::optional<std::string_view>(*next);
        if (!option.starts_with("--")) return word;
        return word.starts_with('=') ? std::optional(word.substr(1)) : std::nullopt;
    }
    static void add(Words& devices, std::optional<std::string_view> value) {
        if (!value) return;
        const std::string_view name = value->substr(0, value->find(','));
        devices.push_back(is_pci_address(name) ? device_name(name) : std::string(name));
    }

    Words vdevs_;
    Words allowed_;
};

std::string joined(const PortOptions& port) {
    return port.devargs.empty() ? port.device : fmt::format("{},{}", port.device, port.devargs);
}

void check_told_once(const Options& options) {
    const Devices devices(options.eal);
    for (const PortOptions& port : options.ports) {
        if (!port.devargs.empty() && devices.has(port.device)) {
            throw std::invalid_argument(
                fmt::format("the configuration file has the device {} twice: in eal, and as a port "
                            "with devargs; leave one out",
                            port.device));
        }
    }
}

}  // namespace

std::vector<std::string> eal_words(const Options& options, const std::vector<std::string>& given) {
    check_told_once(options);
    Words words = options.eal;
    words.insert(words.end(), given.begin(), given.end());
    const Devices devices(words);
    const bool allowed =
        devices.allows_some_only() ||
        std::any_of(options.ports.begin(), options.ports.end(), [](const auto& port) {
            return is_pci_address(port.device) && !port.devargs.empty();
        });
    Words made;
    for (const PortOptions& port : options.ports) {
        if (devices.has(port.device)) continue;
        if (is_pci_address(port.device)) {
            if (!allowed) continue;
            made.insert(made.end(), {"-a", joined(port)});
        } else if (is_vdev(port.device) || !port.devargs.empty()) {
            made.push_back(fmt::format("--vdev={}", joined(port)));
        }
    }
    // Behind the file's own, so that those stay together with their values.
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(options.eal.size()), made.begin(),
                 made.end());
    return words;
}

}  // namespace famez::fwd
