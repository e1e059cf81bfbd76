// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_fixture.h"

#include <fcntl.h>

namespace famez::doctor {

UniqueFd FakeMachine::region_file() const {
    UniqueFd file(::open(path(device + "resource2").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(region_bytes)), 0);
    return file;
}

}  // namespace famez::doctor
