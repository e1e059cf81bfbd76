// SPDX-License-Identifier: BSD-3-Clause
// libfabric's reliable datagrams over its shared-memory provider.
#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "contest.h"

namespace famez::rivals {
namespace {

void check(int result, const char* what) {
    if (result != 0) throw RivalError(std::string(what) + ": " + fi_strerror(-result));
}

class Libfabric {
  public:
    explicit Libfabric(const Options& options) : size_(options.size) {
        open_endpoint();
        meet(options);
        out_.resize(window_of(options));
        in_.resize(out_.size());
        for (Slot& slot : out_)
            slot.bytes.resize(size_);
        for (Slot& slot : in_) {
            slot.bytes.resize(size_);
            post(slot);
        }
    }
    Libfabric(const Libfabric&) = delete;
    Libfabric& operator=(const Libfabric&) = delete;
    // Or its file in /dev/shm stays there.
    ~Libfabric() { fi_close(&endpoint_->fid); }

    template <class Fill>
    void send(std::uint32_t size, Fill&& fill) {
        Slot& slot = out_[next_out_];
        next_out_ = next_out_ + 1 == out_.size() ? 0 : next_out_ + 1;
        finish(slot);
        fill(slot.bytes.data());
        start(slot, slot.bytes.data(), size);
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

    template <class Visit>
    std::uint32_t receive(Visit&& visit) {
        progress(received_);
        std::uint32_t count = 0;
        for (; count < in_.size() && !in_[next_in_].busy; ++count) {
            Slot& slot = in_[next_in_];
            visit(slot.bytes.data(), size_);
            post(slot);
            next_in_ = next_in_ + 1 == in_.size() ? 0 : next_in_ + 1;
        }
        return count;
    }

  private:
    struct Slot {
        bool busy = false;
        std::vector<std::uint8_t> bytes;
    };

    void open_endpoint() {
        fi_info* const hints = fi_allocinfo();
        hints->caps = FI_MSG;
        hints->ep_attr->type = FI_EP_RDM;
        hints->domain_attr->mr_mode = FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY;
        hints->tx_attr->msg_order = hints->rx_attr->msg_order = FI_ORDER_SAS;
        hints->fabric_attr->prov_name = strdup("shm");
        fi_info* info = nullptr;
        check(fi_getinfo(FI_VERSION(1, 17), nullptr, nullptr, 0, hints, &info),
              "fi_getinfo: no provider shm");
        fid_fabric* fabric = nullptr;
        fid_domain* domain = nullptr;
        check(fi_fabric(info->fabric_attr, &fabric, nullptr), "fi_fabric");
        check(fi_domain(fabric, info, &domain, nullptr), "fi_domain");
        fi_av_attr book{};
        book.type = FI_AV_TABLE;
        check(fi_av_open(domain, &book, &book_, nullptr), "fi_av_open");
        fi_cq_attr queue{};
        queue.format = FI_CQ_FORMAT_CONTEXT;
        check(fi_cq_open(domain, &queue, &sent_, nullptr), "fi_cq_open");
        check(fi_cq_open(domain, &queue, &received_, nullptr), "fi_cq_open");
        check(fi_endpoint(domain, info, &endpoint_, nullptr), "fi_endpoint");
        check(fi_ep_bind(endpoint_, &book_->fid, 0), "fi_ep_bind");
        check(fi_ep_bind(endpoint_, &sent_->fid, FI_TRANSMIT), "fi_ep_bind");
        check(fi_ep_bind(endpoint_, &received_->fid, FI_RECV), "fi_ep_bind");
        check(fi_enable(endpoint_), "fi_enable");
        fi_freeinfo(hints);
        fi_freeinfo(info);
    }

    void meet(const Options& options) {
        std::array<char, 512> own{};
        std::size_t length = own.size();
        check(fi_getname(&endpoint_->fid, own.data(), &length), "fi_getname");
        const auto theirs = exchange(options, own.data(), length);
        if (fi_av_insert(book_, theirs.data(), 1, &peer_, 0, nullptr) != 1) {
            throw RivalError("fi_av_insert: the other end's address is refused");
        }
    }

    // Takes what has been completed; also what makes anything move at all.
    void progress(fid_cq* queue) {
        std::array<fi_cq_entry, 32> entries;
        const ssize_t count = fi_cq_read(queue, entries.data(), entries.size());
        if (count == -FI_EAGAIN) return;
        if (count < 0) throw RivalError(std::string("fi_cq_read: ") + fi_strerror(-int(count)));
        for (ssize_t i = 0; i < count; ++i)
            static_cast<Slot*>(entries[static_cast<std::size_t>(i)].op_context)->busy = false;
    }

    void finish(Slot& slot) {
        while (slot.busy)
            progress(sent_);
    }

    void start(Slot& slot, const std::uint8_t* data, std::uint32_t size) {
        ssize_t result = 0;
        while ((result = fi_send(endpoint_, data, size, nullptr, peer_, &slot)) == -FI_EAGAIN)
            progress(sent_);
        check(static_cast<int>(result), "fi_send");
        slot.busy = true;
    }

    void post(Slot& slot) {
        const ssize_t result =
            fi_recv(endpoint_, slot.bytes.data(), size_, nullptr, FI_ADDR_UNSPEC, &slot);
        check(static_cast<int>(result), "fi_recv");
        slot.busy = true;
    }

    const std::uint32_t size_;
    fid_av* book_ = nullptr;
    fid_cq* sent_ = nullptr;
    fid_cq* received_ = nullptr;
    fid_ep* endpoint_ = nullptr;
    fi_addr_t peer_ = 0;
    std::vector<Slot> out_;
    std::vector<Slot> in_;
    std::size_t next_out_ = 0;
    std::size_t next_in_ = 0;
};

}  // namespace
}  // namespace famez::rivals

int main(int argc, char** argv) {
    return famez::rivals::contest_main<famez::rivals::Libfabric>("rival_libfabric", "libfabric shm",
                                                                 argc, argv);
}
