// SPDX-License-Identifier: BSD-3-Clause
#include "expect.h"

#include <cstdio>
#include <stdexcept>

namespace famez::probe {
namespace {

int counted = 0;

}  // namespace

int failures() {
    return counted;
}

void fail(const std::string& what) {
    ++counted;
    fmt::print("not so: {}\n", what);
}

void give_up(const std::string& why) {
    throw std::runtime_error(why);
}

void say(std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

}  // namespace famez::probe
