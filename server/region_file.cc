// SPDX-License-Identifier: BSD-3-Clause
#include "region_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include <famez/error.h>
#include <famez/layout.h>
#include <famez/region.h>

#include "directory_lock.h"

namespace famez {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
    throw FabricError(fmt::format("mailbox {}: {}", path, what));
}

// Opens it once more and locks that. The lock goes with this open file, which no client is given:
// with the region's own descriptor it would live on in the clients of a dead server.
UniqueFd open_locked(const std::string& path, int flags) {
    UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) return file;
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        fail(path, "a server has it; end it first or choose another --mailbox");
    }
    return file;
}

bool is_fabric(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if (status.st_size == 0) return true;  // a server died on the way
    layout::MailGlobals mail{};
    return ::pread(file, &mail, sizeof mail, 0) == sizeof mail &&
           mail.slot_bytes == layout::mail_slot_bytes && mail.buf_offset == layout::mail_buf_offset;
}

void make_way(const std::string& path) {
    const UniqueFd old = open_locked(path, O_RDONLY);
    if (!old) {
        if (errno == ENOENT) return;
        fail(path, std::strerror(errno));
    }
    if (!is_fabric(old.get())) {
        fail(path, "it exists and is not a fabric's; remove it or choose another --mailbox");
    }
    if (::unlink(path.c_str()) != 0) fail(path, std::strerror(errno));
}

}  // namespace

RegionFile::RegionFile(const std::string& name, std::uint64_t bytes,
                       std::optional<std::uint64_t> hugepages) {
    if (name.empty()) {
        file_ = hugepages ? create_huge_region_file(bytes, *hugepages)
                          : create_region_file(name, bytes);
        return;
    }
    const std::string path = "/dev/shm/" + name;
    const DirectoryLock lock("/dev/shm");
    make_way(path);
    path_ = path;  // from here on ours to remove
    try {
        file_ = create_region_file(name, bytes);
        lock_ = open_locked(path, O_RDONLY);
        if (!lock_) fail(path, std::strerror(errno));
    } catch (...) {
        ::unlink(path.c_str());
        throw;
    }
}

UniqueFd RegionFile::copy() const {
    UniqueFd copy(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) throw FabricError(fmt::format("the region's file: {}", std::strerror(errno)));
    return copy;
}

RegionFile::~RegionFile() {
    if (path_.empty()) return;
    struct stat ours {};
    struct stat there {};
    if (::fstat(file_.get(), &ours) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
        ours.st_dev == there.st_dev && ours.st_ino == there.st_ino) {
        ::unlink(path_.c_str());
    }
}

}  // namespace famez
