// SPDX-License-Identifier: BSD-3-Clause
// The character device, by CUSE. All of it is in the loop's thread: requests that must wait are
// kept, and answered when they can be.
#define FUSE_USE_VERSION 34

#include <cuse_lowlevel.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <stdexcept>
#include <utility>

#include "front.h"
#include "log.h"
#include "queues.h"

namespace famez::bridge {
namespace {

constexpr const char* cuse_path = "/dev/cuse";

struct SessionTeardown {
    void operator()(fuse_session* session) const { cuse_lowlevel_teardown(session); }
};
using Session = std::unique_ptr<fuse_session, SessionTeardown>;

struct PollHandleDestroy {
    void operator()(fuse_pollhandle* handle) const { fuse_pollhandle_destroy(handle); }
};
using PollHandle = std::unique_ptr<fuse_pollhandle, PollHandleDestroy>;

class Device final : public Front {
  public:
    Device(Loop& loop, Mail& mail, std::string name, bool shared);
    ~Device() override;

  private:
    struct Reader {
        fuse_req_t request;
        std::size_t room;
    };
    struct Writer {
        fuse_req_t request;
        std::uint64_t ticket;
    };
    struct Poller {
        PollHandle handle;
        bool to_write;  // it asked for room too, and there was none
    };

    Session make_session();
    void handle_requests();
    void mail_came();
    void go_on();
    void serve_readers();
    void drop_interrupted();
    void wake_pollers(bool writers_only);
    void arm();

    void open(fuse_req_t request, fuse_file_info* file);
    void release(fuse_req_t request, fuse_file_info* file);
    void read(fuse_req_t request, std::size_t room, const fuse_file_info* file);
    void write(fuse_req_t request, std::string_view text, const fuse_file_info* file);
    void poll(fuse_req_t request, const fuse_file_info* file, fuse_pollhandle* handle);
    static cuse_lowlevel_ops operations();
    static Device& of(fuse_req_t request) {
        return *static_cast<Device*>(fuse_req_userdata(request));
    }

    Loop& loop_;
    std::string name_;
    bool shared_;
    bool made_ = false;
    Incoming incoming_;
    Outgoing outgoing_;
    std::size_t open_files_ = 0;
    std::uint64_t file_numbers_ = 0;
    std::list<Reader> readers_;
    std::list<Writer> writers_;
    std::map<std::uint64_t, Poller> pollers_;  // by file
    fuse_buf buffer_{};
    Session session_;
    Source requests_;
    Source mail_;
    Source retry_;
};

// What keeps CUSE from working here, in words for its user.
void check_cuse(const std::string& name) {
    const int fd = ::open(cuse_path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        throw std::runtime_error(fmt::format(
            "there is no CUSE here ({}: {}): run 'modprobe cuse' as root, or give --fifo PATH for "
            "a pair of FIFOs in place of a device",
            cuse_path, std::strerror(errno)));
    }
    ::close(fd);
    if (::access(fmt::format("/dev/{}", name).c_str(), F_OK) == 0) {
        throw std::runtime_error(fmt::format(
            "/dev/{} exists already: another bridge's? Give --name another name", name));
    }
}

Device::Device(Loop& loop, Mail& mail, std::string name, bool shared)
    : loop_(loop),
      name_(std::move(name)),
      shared_(shared),
      incoming_(mail),
      outgoing_(mail),
      session_(make_session()),
      requests_(
          loop.watch(fuse_session_fd(session_.get()), EPOLLIN, [this] { handle_requests(); })),
      mail_(loop.watch(mail.fd(), EPOLLIN, [this] { mail_came(); })),
      retry_(loop.timer(Outgoing::retry_us, [this] { go_on(); })) {
    arm();
}

// The device goes: who waits at it is told so.
Device::~Device() {
    for (const Reader& reader : readers_)
        fuse_reply_err(reader.request, ENODEV);
    for (const Writer& writer : writers_)
        fuse_reply_err(writer.request, ENODEV);
    pollers_.clear();
    std::free(buffer_.mem);
}

cuse_lowlevel_ops Device::operations() {
    cuse_lowlevel_ops ops{};
    ops.init_done = [](void* self) {
        auto& device = *static_cast<Device*>(self);
        device.made_ = true;
        say("echo \"3:hello there\" > /dev/{}; cat < /dev/{}", device.name_, device.name_);
    };
    ops.open = [](fuse_req_t request, fuse_file_info* file) { of(request).open(request, file); };
    ops.release = [](fuse_req_t request, fuse_file_info* file) {
        of(request).release(request, file);
    };
    ops.read = [](fuse_req_t request, std::size_t room, off_t, fuse_file_info* file) {
        of(request).read(request, room, file);
    };
    ops.write = [](fuse_req_t request, const char* text, std::size_t size, off_t,
                   fuse_file_info* file) {
        of(request).write(request, {text, size}, file);
    };
    ops.poll = [](fuse_req_t request, fuse_file_info* file, fuse_pollhandle* handle) {
        of(request).poll(request, file, handle);
    };
    return ops;
}

Session Device::make_session() {
    check_cuse(name_);
    static const cuse_lowlevel_ops ops = operations();
    const std::string device_name = "DEVNAME=" + name_;
    const char* device_info[] = {device_name.c_str()};
    cuse_info info{};
    info.dev_info_argc = 1;
    info.dev_info_argv = device_info;
    // In the foreground: the loop is ours.
    std::array<char, 16> program = {"famez_bridge"};
    std::array<char, 3> foreground = {"-f"};
    char* arguments[] = {program.data(), foreground.data(), nullptr};
    int multithreaded = 0;
    Session session(cuse_lowlevel_setup(2, arguments, &info, &ops, &multithreaded, this));
    if (!session) throw std::runtime_error("CUSE does not start (its own lines say why)");
    const int fd = fuse_session_fd(session.get());
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return session;
}

// ---- the loop ----

// One a time: there seldom is another, and the loop sees to it.
void Device::handle_requests() {
    const int result = fuse_session_receive_buf(session_.get(), &buffer_);
    if (result == -EINTR || result == -EAGAIN) return;
    if (result <= 0) {
        say("the kernel has ended /dev/{}{}", name_,
            made_ ? "" : ": it may know the name already; dmesg says more");
        loop_.stop(EXIT_FAILURE);
        return;
    }
    fuse_session_process_buf(session_.get(), &buffer_);
    drop_interrupted();
    arm();
}

void Device::mail_came() {
    incoming_.fetch();
    serve_readers();
    if (incoming_.ready()) wake_pollers(false);
    arm();
}

void Device::go_on() {
    outgoing_.retry();
    wake_pollers(true);
    arm();
}

void Device::serve_readers() {
    while (!readers_.empty()) {
        const Reader reader = readers_.front();
        const auto taken = incoming_.take(reader.room);
        const int* error = std::get_if<int>(&taken);
        if (error != nullptr && *error == -EAGAIN) return;
        readers_.pop_front();
        if (error != nullptr) {
            fuse_reply_err(reader.request, -*error);
        } else {
            const auto& text = std::get<std::string>(taken);
            fuse_reply_buf(reader.request, text.data(), text.size());
        }
    }
}

// A signal came for whoever waits.
void Device::drop_interrupted() {
    std::erase_if(readers_, [](const Reader& reader) {
        if (fuse_req_interrupted(reader.request) == 0) return false;
        fuse_reply_err(reader.request, EINTR);
        return true;
    });
    std::erase_if(writers_, [this](const Writer& writer) {
        if (fuse_req_interrupted(writer.request) == 0 || !outgoing_.cancel(writer.ticket)) {
            return false;
        }
        fuse_reply_err(writer.request, EINTR);
        return true;
    });
}

// They ask again what there is.
void Device::wake_pollers(bool writers_only) {
    if (writers_only && (pollers_.empty() || !outgoing_.ready())) return;
    std::erase_if(pollers_, [writers_only](const auto& entry) {
        if (writers_only && !entry.second.to_write) return false;
        fuse_lowlevel_notify_poll(entry.second.handle.get());
        return true;
    });
}

// What is worth waiting for.
void Device::arm() {
    mail_.enable(!incoming_.full());
    bool room_wanted = !outgoing_.idle();
    for (const auto& [file, poller] : pollers_)
        room_wanted = room_wanted || poller.to_write;
    retry_.enable(room_wanted);
}

// ---- requests ----

void Device::open(fuse_req_t request, fuse_file_info* file) {
    if (open_files_ != 0 && !shared_) {
        fuse_reply_err(request, EBUSY);
        return;
    }
    file->fh = ++file_numbers_;
    file->direct_io = 1;
    file->nonseekable = 1;
    // Fails when the opener was interrupted meanwhile: then nobody will release it.
    if (fuse_reply_open(request, file) == 0) ++open_files_;
}

void Device::release(fuse_req_t request, fuse_file_info* file) {
    --open_files_;
    pollers_.erase(file->fh);
    fuse_reply_err(request, 0);
}

void Device::read(fuse_req_t request, std::size_t room, const fuse_file_info* file) {
    if ((file->flags & O_NONBLOCK) != 0 && (!readers_.empty() || !incoming_.ready())) {
        fuse_reply_err(request, EAGAIN);
        return;
    }
    readers_.push_back({request, room});
    serve_readers();
}

void Device::write(fuse_req_t request, std::string_view text, const fuse_file_info* file) {
    const bool wait = (file->flags & O_NONBLOCK) == 0;
    const auto answer = [this, request, size = text.size()](int result) {
        std::erase_if(writers_, [request](const Writer& w) { return w.request == request; });
        if (result == 0) {
            fuse_reply_write(request, size);
        } else {
            fuse_reply_err(request, -result);
        }
    };
    if (const auto ticket = outgoing_.write(text, wait, answer)) {
        writers_.push_back({request, *ticket});
    }
}

void Device::poll(fuse_req_t request, const fuse_file_info* file, fuse_pollhandle* handle) {
    PollHandle owned(handle);
    unsigned events = 0;
    if (incoming_.ready()) events |= POLLIN | POLLRDNORM;
    const bool to_write = (file->poll_events & (POLLOUT | POLLWRNORM)) != 0;
    // Who asks is as good as one who wants to send: asked for only where it is.
    const bool room = to_write && outgoing_.ready();
    if (room) events |= POLLOUT | POLLWRNORM;
    if (owned) pollers_.insert_or_assign(file->fh, Poller{std::move(owned), to_write && !room});
    fuse_reply_poll(request, events);
}

}  // namespace

std::unique_ptr<Front> make_device(Loop& loop, Mail& mail, const std::string& name, bool shared) {
    return std::make_unique<Device>(loop, mail, name, shared);
}

}  // namespace famez::bridge
