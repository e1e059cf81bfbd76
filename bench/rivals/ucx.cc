// SPDX-License-Identifier: BSD-3-Clause
// UCX's tagged messages between two workers; which transports, UCX_TLS says.
#include <ucp/api/ucp.h>

#include <string>
#include <vector>

#include "contest.h"

namespace famez::rivals {
namespace {

constexpr ucp_tag_t tag = 1;
constexpr ucp_tag_t whole_tag = ~ucp_tag_t{0};

void check(ucs_status_t status, const char* what) {
    if (status != UCS_OK) throw RivalError(std::string(what) + ": " + ucs_status_string(status));
}

class Ucx {
  public:
    explicit Ucx(const Options& options) : size_(options.size) {
        open_worker();
        meet(options);
        out_.resize(window_of(options));
        in_.resize(out_.size());
        std::uint8_t* place = buffers(2 * out_.size() * size_);
        for (Slot& slot : out_) {
            slot.bytes = place;
            place += size_;
        }
        for (Slot& slot : in_) {
            slot.bytes = place;
            place += size_;
            post(slot);
        }
    }

    template <class Fill>
    void send(std::uint32_t size, Fill&& fill) {
        Slot& slot = out_[next_out_];
        next_out_ = next_out_ + 1 == out_.size() ? 0 : next_out_ + 1;
        finish(slot);
        fill(slot.bytes);
        start(slot, slot.bytes, size);
    }

    void send_back(const std::uint8_t* data, std::uint32_t size) {
        Slot slot;
        start(slot, data, size);
        finish(slot);
    }

    void flush() {
        for (Slot& slot : out_)
            finish(slot);
    }

    // Messages of one tag arrive in the order in which the buffers were posted.
    template <class Visit>
    std::uint32_t receive(Visit&& visit) {
        if (!done(in_[next_in_])) ucp_worker_progress(worker_);
        std::uint32_t count = 0;
        for (; count < in_.size() && done(in_[next_in_]); ++count) {
            Slot& slot = in_[next_in_];
            visit(slot.bytes, size_);
            post(slot);
            next_in_ = next_in_ + 1 == in_.size() ? 0 : next_in_ + 1;
        }
        return count;
    }

  private:
    struct Slot {
        void* request = nullptr;  // what it waits for
        std::uint8_t* bytes = nullptr;
    };

    void open_worker() {
        ucp_params_t params{};
        params.field_mask = UCP_PARAM_FIELD_FEATURES;
        params.features = UCP_FEATURE_TAG;
        check(ucp_init(&params, nullptr, &context_), "ucp_init");
        ucp_worker_params_t worker{};
        worker.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
        worker.thread_mode = UCS_THREAD_MODE_SINGLE;
        check(ucp_worker_create(context_, &worker, &worker_), "ucp_worker_create");
    }

    // UCX's own, which it may have in shared memory: then large messages need one copy alone.
    std::uint8_t* buffers(std::size_t size) {
        ucp_mem_map_params_t params{};
        params.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH |
                            UCP_MEM_MAP_PARAM_FIELD_FLAGS;
        params.length = size;
        params.flags = UCP_MEM_MAP_ALLOCATE;
        ucp_mem_h memory = nullptr;
        check(ucp_mem_map(context_, &params, &memory), "ucp_mem_map");
        ucp_mem_attr_t attributes{};
        attributes.field_mask = UCP_MEM_ATTR_FIELD_ADDRESS;
        check(ucp_mem_query(memory, &attributes), "ucp_mem_query");
        return static_cast<std::uint8_t*>(attributes.address);
    }

    void meet(const Options& options) {
        ucp_address_t* own = nullptr;
        std::size_t length = 0;
        check(ucp_worker_get_address(worker_, &own, &length), "ucp_worker_get_address");
        const auto theirs = exchange(options, own, length);
        ucp_worker_release_address(worker_, own);
        ucp_ep_params_t params{};
        params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS;
        params.address = reinterpret_cast<const ucp_address_t*>(theirs.data());
        check(ucp_ep_create(worker_, &params, &peer_), "ucp_ep_create");
    }

    static bool done(Slot& slot) {
        if (slot.request == nullptr) return true;
        const ucs_status_t status = ucp_request_check_status(slot.request);
        if (status == UCS_INPROGRESS) return false;
        check(status, "a message");
        ucp_request_free(slot.request);
        slot.request = nullptr;
        return true;
    }

    void finish(Slot& slot) {
        while (!done(slot))
            ucp_worker_progress(worker_);
    }

    void* pending(void* request, const char* what) {
        if (UCS_PTR_IS_ERR(request)) check(UCS_PTR_STATUS(request), what);
        return request;
    }

    void start(Slot& slot, const std::uint8_t* data, std::uint32_t size) {
        ucp_request_param_t none{};
        slot.request = pending(ucp_tag_send_nbx(peer_, data, size, tag, &none), "ucp_tag_send_nbx");
    }

    void post(Slot& slot) {
        ucp_request_param_t none{};
        slot.request = pending(ucp_tag_recv_nbx(worker_, slot.bytes, size_, tag, whole_tag, &none),
                               "ucp_tag_recv_nbx");
    }

    const std::uint32_t size_;
    ucp_context_h context_ = nullptr;
    ucp_worker_h worker_ = nullptr;
    ucp_ep_h peer_ = nullptr;
    std::vector<Slot> out_;
    std::vector<Slot> in_;
    std::size_t next_out_ = 0;
    std::size_t next_in_ = 0;
};

}  // namespace
}  // namespace famez::rivals

int main(int argc, char** argv) {
    return famez::rivals::contest_main<famez::rivals::Ucx>("rival_ucx", "UCX tag", argc, argv);
}
