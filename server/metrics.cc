// SPDX-License-Identifier: BSD-3-Clause
#include "metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>

#include "counter_table.h"

namespace famez {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

Labels labels_of(const PortReport& port) {
    return {{"port", std::to_string(port.id)}, {"node", port.node_name}};
}

void add(MetricFamily& family, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family.type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
    family.metric.push_back(std::move(metric));
}

MetricFamily single(const char* name, const char* help, MetricType type, std::uint64_t value) {
    MetricFamily family{name, help, type, {}};
    add(family, {}, static_cast<double>(value));
    return family;
}

MetricFamily family_of(const CounterName& counter, const std::vector<PortReport>& ports) {
    MetricFamily family{std::string("famez_port_") + counter.name + (counter.gauge ? "" : "_total"),
                        counter.help,
                        counter.gauge ? MetricType::Gauge : MetricType::Counter,
                        {}};
    for (const PortReport& port : ports)
        add(family, labels_of(port), static_cast<double>(port.counters.*counter.value));
    return family;
}

}  // namespace

std::string metrics_text(const FabricReport& report) {
    const std::vector<PortReport> ports = report.ports();
    std::vector<MetricFamily> families;
    const auto one = [&families](const char* name, const char* help, MetricType type,
                                 std::uint64_t value) {
        families.push_back(single(name, help, type, value));
    };
    if (const auto limit = report.port_limit()) {
        one("famez_ports", "Ports that the fabric has", MetricType::Gauge, *limit);
    }
    one("famez_ports_attached", "Ports that somebody holds", MetricType::Gauge, ports.size());
    one("famez_attachments_total", "Clients attached since the server started", MetricType::Counter,
        report.presence().attached_ever());
    const MailCounters mail = report.mail();
    one("famez_mail_received_total", "Messages by mail to the server", MetricType::Counter,
        mail.received);
    one("famez_mail_sent_total", "Messages by mail from the server", MetricType::Counter,
        mail.out.sent);
    one("famez_mail_not_taken_total", "Messages by mail that their receiver did not take",
        MetricType::Counter, mail.out.not_taken);
    one("famez_mail_dropped_total", "Messages by mail that were not sent", MetricType::Counter,
        mail.out.dropped);
    if (!ports.empty()) {
        MetricFamily up{
            "famez_port_up", "Whether the port polls for messages", MetricType::Gauge, {}};
        for (const PortReport& port : ports)
            add(up, labels_of(port), port.view.up() ? 1 : 0);
        families.push_back(std::move(up));
        for (const CounterName& counter : counter_table())
            families.push_back(family_of(counter, ports));
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    return text.str();
}

}  // namespace famez
