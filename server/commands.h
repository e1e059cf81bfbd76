// SPDX-License-Identifier: BSD-3-Clause
//
// What can be asked of a server, on its console or by mail, and what it says.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fabric_report.h"

namespace famez {

using Lines = std::vector<std::string>;

struct Command {
    const char* names;  // by blanks; the first is the one to show
    const char* help;
    Lines (*answer)(const FabricReport&);  // null: it is the console's own
    bool by_mail = false;
};

std::span<const Command> command_table();
// Nothing when there is no command of this name.
const Command* find_command(std::string_view name);

// The switch drawn with its ports: class, name, [CID,SID] and state of each.
Lines draw_switch(const FabricReport& report);
Lines list_ports(const FabricReport& report);
Lines show_statistics(const FabricReport& report);
Lines show_help();

}  // namespace famez
