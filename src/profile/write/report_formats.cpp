#include "profile/write/report_formats.hpp"

#include <algorithm>
#include <array>

#include "profile/write/flame_writers.hpp"
#include "profile/write/html_writer.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/leak_writers.hpp"
#include "profile/write/page_data.hpp"
#include "profile/write/pprof_writer.hpp"

namespace ar::profile {
namespace {

using Request = ReportRequest;

Metric metric_of(const Request& request) { return request.choice.metric.value_or(Metric::peak); }

constexpr std::array table{
    ReportFormat{.name = "text",
                 .help = "a summary, then tables or a tree",
                 .ending = ".txt",
                 .takes_metric = true,
                 .takes_rows = true,
                 .write =
                     [](const Request& request) {
                       return text_report(request.profile, request.symbolizer, request.choice, request.notes);
                     }},
    ReportFormat{.name = "json",
                 .help = "all of the profile, for programs",
                 .ending = ".json",
                 .write =
                     [](const Request& request) {
                       return json_report(request.profile, request.symbolizer, request.version,
                                          request.notes);
                     }},
    ReportFormat{.name = "html",
                 .help = "the page of 'arpent view' as one file",
                 .ending = ".html",
                 .write =
                     [](const Request& request) {
                       const std::array page{
                           page_data(request.profile, request.name, request.symbolizer, request.notes)};
                       return html_page(page);
                     }},
    ReportFormat{
        .name = "pprof",
        .help = "profile.proto for pprof, Parca, Pyroscope and Grafana",
        .ending = ".pb.gz",
        .write = [](const Request& request) { return pprof_profile(request.profile, request.symbolizer); }},
    ReportFormat{.name = "collapsed",
                 .help = "folded stacks for flamegraph.pl, inferno and speedscope",
                 .ending = ".folded",
                 .takes_metric = true,
                 .write =
                     [](const Request& request) {
                       return collapsed_stacks(request.profile, request.symbolizer, metric_of(request));
                     }},
    ReportFormat{.name = "speedscope",
                 .help = "speedscope's own format, with all metrics",
                 .ending = ".speedscope.json",
                 .takes_metric = true,
                 .write =
                     [](const Request& request) {
                       return speedscope_profile(request.profile, request.symbolizer, metric_of(request),
                                                 request.version);
                     }},
    ReportFormat{.name = "sarif",
                 .help = "leaks for code scanning (SARIF 2.1.0)",
                 .ending = ".sarif",
                 .write =
                     [](const Request& request) {
                       return sarif_leaks(request.profile, request.symbolizer, request.version);
                     }},
    ReportFormat{
        .name = "junit",
        .help = "leaks as test cases for continuous integration (JUnit XML)",
        .ending = ".xml",
        .write = [](const Request& request) { return junit_leaks(request.profile, request.symbolizer); }},
};

}  // namespace

std::span<const ReportFormat> report_formats() { return table; }

const ReportFormat* report_format_named(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &ReportFormat::name);
  return found == table.end() ? nullptr : found;
}

}  // namespace ar::profile
