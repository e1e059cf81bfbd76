// SPDX-License-Identifier: BSD-3-Clause
#include "listen_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <famez/error.h>

#include "directory_lock.h"

namespace famez {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
    throw FabricError(fmt::format("socket {}: {}", path, what));
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        fail(path, fmt::format("the path must have 1 to {} bytes", sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

std::string directory_of(const std::string& path) {
    const std::string directory = std::filesystem::path(path).parent_path().string();
    return directory.empty() ? "." : directory;
}

// Removes the socket of a server that is gone; throws when something else is in the way.
void make_way(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return;
        fail(path, std::strerror(errno));
    }
    if (!S_ISSOCK(status.st_mode)) fail(path, "something that is no socket has this name");
    // A datagram socket cannot be connected to a stream socket, so a living server is not bothered
    // with a client: it is EPROTOTYPE if any process has the socket, ECONNREFUSED if none has.
    const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!probe) fail(path, std::strerror(errno));
    const sockaddr_un address = address_of(path);
    if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EPROTOTYPE) {
        fail(path, "a server is already there; end it first or choose another --socketpath");
    }
    if (errno == ENOENT) return;
    if (errno != ECONNREFUSED) {
        fail(path, fmt::format("whether a server is there cannot be found out: {}",
                               std::strerror(errno)));
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        fail(path,
             fmt::format("a dead server's socket cannot be removed: {}", std::strerror(errno)));
    }
}

}  // namespace

ListenSocket::ListenSocket(std::string path, mode_t mode, gid_t group) : path_(std::move(path)) {
    const sockaddr_un checked = address_of(path_);
    static_cast<void>(checked);
    absolute_path_ = std::filesystem::absolute(path_).string();
    const DirectoryLock lock(directory_of(path_));
    make_way(path_);
    bind(mode);
    try {
        permit(mode, group);
        if (::listen(socket_.get(), SOMAXCONN) != 0) fail(path_, std::strerror(errno));
    } catch (...) {
        ::unlink(path_.c_str());
        throw;
    }
}

void ListenSocket::bind(mode_t mode) {
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_) fail(path_, std::strerror(errno));
    const sockaddr_un address = address_of(path_);
    // The file appears with the owner's rights at most; the group's and the others' come when the
    // group is right. So there is no moment in which anybody has more than asked for.
    const mode_t before = ::umask(static_cast<mode_t>(0777 & ~(mode & S_IRWXU)));
    const int result = ::bind(socket_.get(), generic(address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (result != 0) fail(path_, fmt::format("it cannot be made: {}", std::strerror(error)));
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
}

void ListenSocket::permit(mode_t mode, gid_t group) {
    if (group != static_cast<gid_t>(-1) &&
        ::lchown(path_.c_str(), static_cast<uid_t>(-1), group) != 0) {
        fail(path_, fmt::format("it cannot be given to the group: {}", std::strerror(errno)));
    }
    if (::fchmodat(AT_FDCWD, path_.c_str(), mode, 0) != 0) {
        fail(path_, fmt::format("its mode cannot be set: {}", std::strerror(errno)));
    }
}

UniqueFd ListenSocket::listener() const {
    UniqueFd copy(::fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) fail(path_, std::strerror(errno));
    return copy;
}

ListenSocket::~ListenSocket() {
    // Somebody may have removed it, and another server put its own there.
    struct stat status {};
    if (::lstat(absolute_path_.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_) {
        ::unlink(absolute_path_.c_str());
    }
}

}  // namespace famez
