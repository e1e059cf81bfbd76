// SPDX-License-Identifier: BSD-3-Clause
#include "output.h"

#include <fmt/format.h>

#include <cstdio>

#include "stop.h"

namespace famez::client {
namespace {

void print(std::FILE* stream, std::string_view prefix, std::string_view text) {
    // One call a line: what other processes print to the same terminal does not come in between.
    const std::string whole = fmt::format("{}{}\n", prefix, text);
    std::fwrite(whole.data(), 1, whole.size(), stream);
    std::fflush(stream);
}

}  // namespace

void Output::line(std::string_view text) const {
    before();
    print(stdout, "", text);
    after();
    if (std::ferror(stdout) != 0) request_end();
}

void Output::note(std::string_view text) const {
    before();
    print(stderr, "famez_client: ", text);
    after();
}

std::string name_text(std::string_view node_name, unsigned id) {
    return node_name.empty() ? fmt::format("port {}", id) : fmt::format("{} ({})", node_name, id);
}

std::string time_text(double nanoseconds) {
    if (nanoseconds < 1e6) return fmt::format("{:.1f} us", nanoseconds / 1e3);
    if (nanoseconds < 1e9) return fmt::format("{:.2f} ms", nanoseconds / 1e6);
    return fmt::format("{:.2f} s", nanoseconds / 1e9);
}

}  // namespace famez::client
