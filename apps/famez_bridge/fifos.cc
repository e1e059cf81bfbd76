// SPDX-License-Identifier: BSD-3-Clause
// A pair of FIFOs: what the device is, as far as FIFOs can be it. A line is a message, and what is
// wrong with it is said on standard error.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include <famez/unique_fd.h>

#include "front.h"
#include "log.h"
#include "queues.h"

namespace famez::bridge {
namespace {

std::string describe(int error) {
    return std::strerror(error);
}

// A FIFO of ours at a path; removed on destruction.
class Fifo {
  public:
    explicit Fifo(std::string path) : path_(std::move(path)) {
        remove_stale();
        if (::mkfifo(path_.c_str(), 0600) != 0) {
            throw std::runtime_error(fmt::format("cannot make {}: {}", path_, describe(errno)));
        }
        // Both ends, so that neither ends when users come and go.
        fd_.reset(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        if (!fd_) {
            const int error = errno;
            ::unlink(path_.c_str());
            throw std::runtime_error(fmt::format("cannot open {}: {}", path_, describe(error)));
        }
    }
    Fifo(const Fifo&) = delete;
    Fifo& operator=(const Fifo&) = delete;
    ~Fifo() { ::unlink(path_.c_str()); }

    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    // One that a killed bridge has left has no reader: opening it to write fails.
    void remove_stale() {
        struct stat status {};
        if (::lstat(path_.c_str(), &status) != 0) return;
        if (S_ISFIFO(status.st_mode)) {
            const UniqueFd probe(::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
            if (!probe && errno == ENXIO && ::unlink(path_.c_str()) == 0) return;
        }
        throw std::runtime_error(
            fmt::format("{} exists already: another bridge's? Give --fifo another path", path_));
    }

    std::string path_;
    UniqueFd fd_;
};

class Fifos final : public Front {
  public:
    Fifos(Loop& loop, Mail& mail, const std::string& path)
        : incoming_(mail),
          outgoing_(mail),
          tx_(path + ".tx"),
          rx_(path + ".rx"),
          written_(loop.watch(tx_.fd(), EPOLLIN, [this] { take_written(); })),
          retry_(loop.timer(Outgoing::retry_us, [this] { go_on(); })),
          mail_(loop.watch(mail.fd(), EPOLLIN, [this] { hand_out(); })),
          room_(loop.watch(rx_.fd(), EPOLLOUT, [this] { hand_out(); })) {
        // A read gets one message, not several. Only a comfort: each ends with a newline as well.
        ::fcntl(rx_.fd(), F_SETFL, O_NONBLOCK | O_DIRECT);
        room_.enable(false);
        say("no device here; instead: echo \"3:hello there\" > {}.tx; cat < {}.rx", path, path);
    }

  private:
    static constexpr int lines_at_once = 64;

    void take_written() {
        std::array<char, 4096> bytes{};
        const ssize_t count = ::read(tx_.fd(), bytes.data(), bytes.size());
        if (count > 0) text_.append(bytes.data(), static_cast<std::size_t>(count));
        send_lines();
    }

    // One at a time: more is read when all that was read has gone.
    void send_lines() {
        while (outgoing_.idle()) {
            const std::size_t end = text_.find('\n');
            if (end == std::string::npos) break;
            // With the newline, as a device gets it from echo.
            const std::string line = text_.substr(0, end + 1);
            text_.erase(0, end + 1);
            outgoing_.write(line, true, [line](int result) {
                if (result != 0) {
                    say("not sent: {}: \"{}\"", describe(-result), line.substr(0, line.size() - 1));
                }
            });
        }
        if (outgoing_.idle() && text_.size() > 2 * payload_max) {
            say("not sent: {}: a line of more than {} bytes", describe(E2BIG), payload_max);
            text_.clear();
        }
        written_.enable(outgoing_.idle());
        retry_.enable(!outgoing_.idle());
    }

    void go_on() {
        outgoing_.retry();
        send_lines();
    }

    // To the FIFO, which keeps it for a reader; what does not fit waits here and in the port.
    void hand_out() {
        // In bounds: the loop has other things to look at, and comes back.
        for (int lines = 0; lines < lines_at_once; ++lines) {
            if (line_.empty() && !next_line()) break;
            if (::write(rx_.fd(), line_.data(), line_.size()) < 0) break;
            line_.clear();
        }
        mail_.enable(line_.empty());
        room_.enable(!line_.empty());
    }

    bool next_line() {
        auto taken = incoming_.take(SIZE_MAX);
        if (auto* text = std::get_if<std::string>(&taken)) {
            line_ = std::move(*text);
            if (!line_.ends_with('\n')) line_.push_back('\n');
        }
        return !line_.empty();
    }

    Incoming incoming_;
    Outgoing outgoing_;
    Fifo tx_;
    Fifo rx_;
    std::string text_;  // written by users, and not sent yet
    std::string line_;  // received, and not in the FIFO yet
    Source written_;
    Source retry_;
    Source mail_;
    Source room_;
};

}  // namespace

std::unique_ptr<Front> make_fifos(Loop& loop, Mail& mail, const std::string& path) {
    return std::make_unique<Fifos>(loop, mail, path);
}

}  // namespace famez::bridge
