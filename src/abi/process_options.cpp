#include "abi/process_options.hpp"

namespace ar::abi {

constinit ProcessOptions process_options = {false, "heap_memory_report.log", false, nullptr};

}  // namespace ar::abi
