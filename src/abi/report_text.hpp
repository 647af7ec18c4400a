// The words of the report of ar_heap.
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/leak_list.hpp"
#include "platform/local_time.hpp"
#include "platform/text.hpp"

namespace ar::abi {

// Writes the whole report. Returns how many addresses in it wait to be symbolized (symbolizer.hpp).
std::size_t write_report_text(platform::TextWriter& out, const LeakList& leaks,
                              const platform::TimeZone& zone) noexcept;

}  // namespace ar::abi
