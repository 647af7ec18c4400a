// The server's counts in Prometheus' text format.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "worker.hpp"

namespace inference_server {

// Bytes of the process that are in memory now, or 0 where the system does not say.
[[nodiscard]] inline std::size_t resident_bytes() {
  std::ifstream stream{"/proc/self/statm"};
  std::size_t pages_of_address_space = 0;
  std::size_t resident_pages = 0;
  stream >> pages_of_address_space >> resident_pages;
  return resident_pages * static_cast<std::size_t>(::getpagesize());
}

[[nodiscard]] inline std::string metrics(const std::vector<std::unique_ptr<Worker>>& workers,
                                         const Limits& limits) {
  std::string text;
  const auto family = [&](const char* name, const char* type, const char* help) {
    text += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  };
  const auto each = [&](const char* name, const char* label, auto value_of) {
    for (std::size_t index = 0; index < workers.size(); ++index) {
      text += std::string(name) + "{worker=\"" + std::to_string(index) + "\"" + label + "} " +
              std::to_string(value_of(*workers[index])) + "\n";
    }
  };
  family("inference_requests_total", "counter", "Requests, by the status of their answer.");
  each("inference_requests_total", ",status=\"200\"",
       [](const Worker& worker) { return worker.answered.load(); });
  each("inference_requests_total", ",status=\"400\"",
       [](const Worker& worker) { return worker.wrong.load(); });
  each("inference_requests_total", ",status=\"503\"",
       [](const Worker& worker) { return worker.refused.load(); });
  family("inference_arena_high_water_bytes", "gauge", "The most that one request had in the worker's arena.");
  each("inference_arena_high_water_bytes", "",
       [](const Worker& worker) { return worker.high_water_mark.load(); });
  family("inference_arena_retained_bytes", "gauge", "What the worker's arena keeps for the next request.");
  each("inference_arena_retained_bytes", "", [](const Worker& worker) { return worker.retained.load(); });
  family("inference_budget_bytes", "gauge",
         "What one request may have in the arena, and as much for its result.");
  text += "inference_budget_bytes " + std::to_string(limits.budget) + "\n";
  family("process_resident_memory_bytes", "gauge", "The process's memory.");
  text += "process_resident_memory_bytes " + std::to_string(resident_bytes()) + "\n";
  return text;
}

}  // namespace inference_server
