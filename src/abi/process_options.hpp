// The options that the parts of this layer need, as start.cpp has read them.
#pragma once

namespace ar::abi {

struct ProcessOptions {
  bool disabled;            // ARPENT_DISABLE
  const char* report_path;  // AGERUN_MEMORY_REPORT, else ARPENT_REPORT, else "heap_memory_report.log"
  bool forked;              // this process is a forked child of the one that started: PATH.PID
  const char* symbolizer;   // ARPENT_SYMBOLIZER or null
};

extern constinit ProcessOptions process_options;

}  // namespace ar::abi
