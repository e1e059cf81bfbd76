// SPDX-License-Identifier: BSD-3-Clause
// iceoryx: messages are written where the receiver reads them. iox-roudi must run; the pools of its
// configuration decide which sizes there are.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "contest.h"
#include "iceoryx_posh/popo/untyped_publisher.hpp"
#include "iceoryx_posh/popo/untyped_subscriber.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"

namespace famez::rivals {
namespace {

iox::capro::ServiceDescription messages_to(unsigned end) {
    return {"famez_bench", end == 0 ? "0" : "1", "messages"};
}

iox::popo::PublisherOptions blocking_publisher() {
    iox::popo::PublisherOptions options;
    options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
    return options;
}

// As many bytes under way as a ring of the fabric holds.
iox::popo::SubscriberOptions blocking_subscriber(const Options& options) {
    constexpr std::uint32_t bytes = 4 << 20;
    iox::popo::SubscriberOptions result;
    const std::uint32_t most = options.window != 0 ? options.window : bytes / options.size;
    result.queueCapacity = std::clamp<std::uint32_t>(most, 4, 256);
    result.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
    return result;
}

// Before any publisher.
struct Runtime {
    explicit Runtime(const Options& options) {
        iox::runtime::PoshRuntime::initRuntime(options.end() == 0 ? "famez_bench_0"
                                                                  : "famez_bench_1");
    }
};

class Iceoryx {
  public:
    explicit Iceoryx(const Options& options)
        : size_(options.size),
          runtime_(options),
          out_(messages_to(1 - options.end()), blocking_publisher()),
          in_(messages_to(options.end()), blocking_subscriber(options)) {
        exchange(options, "here", 4);
        while (!out_.hasSubscribers() ||
               in_.getSubscriptionState() != iox::SubscribeState::SUBSCRIBED)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    template <class Fill>
    void send(std::uint32_t size, Fill&& fill) {
        for (bool sent = false; !sent;) {
            out_.loan(size).and_then([&](void* place) {
                fill(static_cast<std::uint8_t*>(place));
                out_.publish(place);
                sent = true;
            });
        }
    }

    // What was received is not ours to send.
    void send_back(const std::uint8_t* data, std::uint32_t size) {
        send(size, [=](std::uint8_t* place) { std::memcpy(place, data, size); });
    }

    void flush() {}

    template <class Visit>
    std::uint32_t receive(Visit&& visit) {
        std::uint32_t count = 0;
        in_.take().and_then([&](const void* data) {
            visit(static_cast<const std::uint8_t*>(data), size_);
            in_.release(data);
            ++count;
        });
        return count;
    }

  private:
    const std::uint32_t size_;
    Runtime runtime_;
    iox::popo::UntypedPublisher out_;
    iox::popo::UntypedSubscriber in_;
};

}  // namespace
}  // namespace famez::rivals

int main(int argc, char** argv) {
    return famez::rivals::contest_main<famez::rivals::Iceoryx>("rival_iceoryx", "iceoryx", argc,
                                                               argv);
}
