// SPDX-License-Identifier: BSD-3-Clause
// The routes in force, exchanged while workers use them: a new table is shown, and the old one goes
// when every worker has taken note.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "route_table.h"

namespace famez::fwd {

class RouteSource {
  public:
    // Throws RouteError.
    RouteSource(std::string path, std::vector<std::string> ports, std::uint32_t workers);

    // For workers: the table to use, and that a worker uses no other one any longer.
    [[nodiscard]] const RouteTable* current() const {
        return current_.load(std::memory_order_acquire);
    }
    void adopted(std::uint32_t worker, const RouteTable* table) {
        adopted_[worker].store(table, std::memory_order_release);
    }

    // For one other thread. Throws RouteError, and then nothing has changed. Returns at once.
    void reload();
    // Frees the tables before the last reload() if every worker has left them; true if so, once.
    bool retire();

    // For the threads that show it: stays as long as it is held.
    [[nodiscard]] std::shared_ptr<const RouteTable> shared() const { return owner_.load(); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    std::vector<std::string> ports_;
    std::atomic<std::shared_ptr<const RouteTable>> owner_;
    std::vector<std::shared_ptr<const RouteTable>> retired_;
    std::atomic<const RouteTable*> current_;
    std::vector<std::atomic<const RouteTable*>> adopted_;
};

}  // namespace famez::fwd
