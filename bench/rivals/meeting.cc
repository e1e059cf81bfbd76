// SPDX-License-Identifier: BSD-3-Clause
#include "meeting.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace famez::rivals {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto patience = std::chrono::seconds(10);

std::string address_file(const Options& options, unsigned end) {
    return fmt::format("{}/address.{}", options.directory, end);
}

}  // namespace

void fail_with_errno(const std::string& what) {
    throw RivalError(fmt::format("{}: {}", what, std::strerror(errno)));
}

std::vector<std::byte> exchange(const Options& options, const void* own, std::size_t size) {
    const std::string mine = address_file(options, options.end());
    const std::string theirs = address_file(options, 1 - options.end());
    {
        std::ofstream out(mine + ".new", std::ios::binary);
        out.write(static_cast<const char*>(own), static_cast<std::streamsize>(size));
    }
    // Complete or not there.
    fs::rename(mine + ".new", mine);
    const auto give_up = Clock::now() + patience;
    while (!fs::exists(theirs)) {
        if (Clock::now() > give_up) throw RivalError("the other end does not come");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::ifstream in(theirs, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

std::byte* shared_memory(const Options& options, std::size_t size) {
    const std::string path = options.directory + "/memory";
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) fail_with_errno(path);
    if (ftruncate(file, static_cast<off_t>(size)) != 0) fail_with_errno(path);
    void* const memory =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (memory == MAP_FAILED) fail_with_errno(path);
    close(file);
    return static_cast<std::byte*>(memory);
}

std::uint32_t window_of(const Options& options) {
    // As much as famez_pingpong has for messages of lib/fabric.
    constexpr std::uint32_t bytes = 256 << 10;
    if (options.window != 0) return options.window;
    return std::clamp<std::uint32_t>(bytes / options.size, 4, 64);
}

}  // namespace famez::rivals
