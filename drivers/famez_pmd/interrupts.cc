// SPDX-License-Identifier: BSD-3-Clause
#include "interrupts.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>

#include <rte_interrupts.h>

#include "ethdev.h"
#include "log.h"
#include "queue.h"

namespace famez::pmd {
namespace {

// Of type EXT: EAL waits for the descriptors and leaves reading them to us. (With type VDEV it
// reads by itself, and spins when somebody else was first.)
rte_intr_handle* make_handle(Fabric& fabric, int queues) {
    rte_intr_handle* handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
    if (handle == nullptr) return nullptr;
    bool made = rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT) == 0 &&
                rte_intr_vec_list_alloc(handle, "famez", queues) == 0 &&
                rte_intr_nb_efd_set(handle, queues) == 0 &&
                rte_intr_max_intr_set(handle, queues + 1) == 0;
    // Vector 0 of a handle is for other things than queues: without the offset no queue would wake.
    for (int i = 0; made && i < queues; ++i) {
        made = rte_intr_vec_list_index_set(handle, i, RTE_INTR_VEC_RXTX_OFFSET + i) == 0 &&
               rte_intr_efds_index_set(handle, i,
                                       fabric.sleeper(static_cast<std::uint32_t>(i)).fd()) == 0;
    }
    if (made) return handle;
    rte_intr_vec_list_free(handle);
    rte_intr_instance_free(handle);
    return nullptr;
}

// A PCI device has a handle of its bus, which is none for queues.
bool has_interrupts(const rte_eth_dev* dev) {
    return dev->data->dev_conf.intr_conf.rxq != 0 && dev->intr_handle != nullptr;
}

}  // namespace

bool start_interrupts(rte_eth_dev* dev) {
    Fabric& fabric = attachment_of(dev)->fabric();
    if (dev->data->dev_conf.intr_conf.rxq == 0) return true;
    if (dev->data->nb_rx_queues == 0 || !fabric.sleeper(0).able()) {
        log_error(
            fmt::format("{}: RX interrupts were asked for, and the device has none: bind it "
                        "to vfio-pci",
                        dev->device->name));
        return false;
    }
    dev->intr_handle = make_handle(fabric, dev->data->nb_rx_queues);
    if (dev->intr_handle == nullptr) {
        log_error(fmt::format("{}: no memory for RX interrupts", dev->device->name));
        return false;
    }
    return true;
}

void stop_interrupts(rte_eth_dev* dev) {
    if (!has_interrupts(dev)) return;
    for (unsigned queue = 0; queue < dev->data->nb_rx_queues; ++queue)
        attachment_of(dev)->fabric().sleeper(queue).wake_up();
    rte_intr_vec_list_free(dev->intr_handle);
    rte_intr_instance_free(dev->intr_handle);
    dev->intr_handle = nullptr;
}

int rx_queue_intr_enable(rte_eth_dev* dev, std::uint16_t queue) {
    if (!has_interrupts(dev)) return -ENOTSUP;
    // No sender waits for what was freed meanwhile until the queue wakes.
    auto* const references = static_cast<RxQueue*>(dev->data->rx_queues[queue])->references;
    if (references != nullptr) references->begin_poll();
    attachment_of(dev)->fabric().fall_asleep(queue);
    return 0;
}

int rx_queue_intr_disable(rte_eth_dev* dev, std::uint16_t queue) {
    if (!has_interrupts(dev)) return -ENOTSUP;
    attachment_of(dev)->fabric().sleeper(queue).wake_up();
    return 0;
}

}  // namespace famez::pmd
