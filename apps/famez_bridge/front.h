// SPDX-License-Identifier: BSD-3-Clause
// What users see of the bridge: a character device where there is CUSE, a pair of FIFOs elsewhere.
// Lives while the loop runs. Throws std::runtime_error from its making.
#pragma once

#include <memory>
#include <string>

#include "loop.h"
#include "mail.h"

namespace famez::bridge {

class Front {
  public:
    Front() = default;
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;
    virtual ~Front() = default;
};

// /dev/NAME. `shared`: more than one may have it open.
std::unique_ptr<Front> make_device(Loop& loop, Mail& mail, const std::string& name, bool shared);

// PATH.tx to write to, PATH.rx to read from.
std::unique_ptr<Front> make_fifos(Loop& loop, Mail& mail, const std::string& path);

}  // namespace famez::bridge
