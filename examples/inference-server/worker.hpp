// One worker of the server: a session over the shared model, a budget for each request, and counts for
// /metrics.
#pragma once

#include <arpent/c_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/ml/session.hpp>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../digits/digit_model.hpp"

namespace inference_server {

// Bytes.
struct Limits {
  std::size_t budget = std::size_t{1} << 20U;    // scratch memory of one request, and as much for its result
  std::size_t retain = std::size_t{256} << 10U;  // what a worker's arena keeps between requests
};

struct Answer {
  int status;  // as HTTP has it
  std::string text;
};

// Used by one thread; its counts are read by any.
class Worker {
 public:
  Worker(const digits::DigitModel& model, const Limits& limits)
      : limits_(limits),
        session_(model, ar::c_allocator, {.retain_limit = limits.retain, .scratch_limit = limits.budget}) {}

  // The digits on the images, as JSON; or why not.
  [[nodiscard]] Answer classify(std::span<const std::uint8_t> images) {
    Answer answer = ask(images);
    high_water_mark.store(session_.high_water_mark(), std::memory_order_relaxed);
    retained.store(session_.retained(), std::memory_order_relaxed);
    std::atomic<std::uint64_t>& count = answer.status == 200   ? answered
                                        : answer.status == 503 ? refused
                                                               : wrong;
    count.fetch_add(1, std::memory_order_relaxed);
    return answer;
  }

  std::atomic<std::uint64_t> answered = 0;
  std::atomic<std::uint64_t> refused = 0;  // for want of budget
  std::atomic<std::uint64_t> wrong = 0;    // not understood
  std::atomic<std::size_t> high_water_mark = 0;
  std::atomic<std::size_t> retained = 0;

 private:
  [[nodiscard]] Answer ask(std::span<const std::uint8_t> images) {
    if (images.empty()) {
      return {400, "no image: send " + std::to_string(digits::pixels) + " bytes for each, row by row\n"};
    }
    ar::LimitAllocator results{ar::c_allocator, limits_.budget};
    const auto probabilities = session_.run(images, results.allocator());
    if (!probabilities && probabilities.error() == ar::ml::ModelFault::out_of_memory) {
      return {503, "over budget: " + std::to_string(images.size() / digits::pixels) +
                       " images need more than " + std::to_string(limits_.budget) +
                       " bytes; send fewer at once\n"};
    }
    if (!probabilities) {
      return {400, "no whole number of images: each is " + std::to_string(digits::pixels) + " bytes, and " +
                       std::to_string(images.size()) + " came\n"};
    }
    std::string text = "{\"digits\":[";
    for (std::size_t at = 0; at < probabilities->size(); at += digits::classes) {
      text += at == 0 ? "" : ",";
      text += std::to_string(digits::DigitModel::best(probabilities->get().subspan(at, digits::classes)));
    }
    return {200, text + "]}\n"};
  }

  Limits limits_;
  ar::ml::Session<digits::DigitModel> session_;
};

}  // namespace inference_server
