// arpent-bench-loading WAY FILE: loads the weights of a safetensors file as a process that serves them would,
// and reads each of them once. WAY:
//   copy      ar::ml::WeightStore::copy, into one block of malloc's
//   map       ar::ml::WeightStore::map: each page is found when it is first read
//   prefault  the same, and all pages are found when the file is opened
// Prints JSON: seconds until the store can be used, seconds of reading all weights then, their sum, and KiB
// of the process's memory that are its own and that it shares. Then it keeps the weights until its standard
// input ends, so that a second process can be measured beside it.
//
// arpent-bench-loading write FILE MEBIBYTES: makes such a file.
#include <arpent/c_allocator.hpp>
#include <arpent/ml/weight_store.hpp>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <expected>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using ar::ml::WeightStore;

constexpr std::size_t items_a_mebibyte = (std::size_t{1} << 20) / sizeof(float);

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// KiB, of the lines of the kernel's account whose name begins with `kind`.
std::size_t memory(std::string_view kind) {
  std::ifstream account{"/proc/self/smaps_rollup"};
  std::string line;
  std::size_t sum = 0;
  while (std::getline(account, line)) {
    if (line.starts_with(kind)) {
      sum += std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10);
    }
  }
  return sum;
}

int write(const char* file, std::size_t mebibytes) {
  // Matrices of 4 MiB, as the layers of a language model are of some megabytes.
  constexpr std::size_t rows = 1024;
  constexpr std::array<std::size_t, 2> shape{rows, 4 * items_a_mebibyte / rows};
  std::vector<float> values(shape[0] * shape[1]);
  for (std::size_t at = 0; at < values.size(); ++at) {
    values[at] = static_cast<float>(at % 1000) / 1000;
  }
  std::vector<std::string> names;
  for (std::size_t layer = 0; layer < mebibytes / 4; ++layer) {
    names.push_back("layer" + std::to_string(layer) + ".weight");
  }
  std::vector<ar::ml::TensorToWrite> tensors;
  for (const std::string& name : names) {
    tensors.push_back({name, ar::ml::Dtype::f32, shape, std::as_bytes(std::span{values})});
  }
  const auto written = ar::ml::write_weights(file, tensors);
  if (!written) {
    throw std::runtime_error(written.error().text);
  }
  return 0;
}

std::expected<WeightStore, ar::ml::WeightError> load(std::string_view way, const char* file) {
  return way == "copy" ? WeightStore::copy(file, ar::c_allocator)
                       : WeightStore::map(file, {.prefault = way == "prefault"});
}

int measure(std::string_view way, const char* file) {
  const auto begin = Clock::now();
  const auto store = load(way, file);
  const double loading = seconds_since(begin);
  if (!store) {
    throw std::runtime_error(store.error().text);
  }
  const auto first_read = Clock::now();
  double sum = 0;
  for (const ar::ml::Tensor& tensor : store->tensors()) {
    const auto weights = store->view<float>(tensor.name);
    if (!weights) {
      throw std::runtime_error(weights.error().text);
    }
    // Sums of eight columns, so that reading is limited by memory and not by one addition after the other.
    std::array<float, 8> sums{};
    for (std::size_t at = 0; at + sums.size() <= weights->size(); at += sums.size()) {
      for (std::size_t column = 0; column < sums.size(); ++column) {
        sums[column] += (*weights)[at + column];
      }
    }
    for (const float column : sums) {
      sum += static_cast<double>(column);
    }
  }
  const double reading = seconds_since(first_read);
  std::printf(
      "{\"loading\": %.9f, \"reading\": %.9f, \"sum\": %.3f, \"own_kib\": %zu, \"shared_kib\": %zu}\n",
      loading, reading, sum, memory("Private_"), memory("Shared_"));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

int run(std::span<char*> arguments) {
  const std::string_view way = arguments.size() > 1 ? arguments[1] : "";
  if (way == "write" && arguments.size() == 4) {
    return write(arguments[2], std::strtoull(arguments[3], nullptr, 10));
  }
  if ((way == "copy" || way == "map" || way == "prefault") && arguments.size() == 3) {
    return measure(way, arguments[2]);
  }
  std::fputs(
      "usage: arpent-bench-loading copy|map|prefault FILE\n"
      "       arpent-bench-loading write FILE MEBIBYTES\n",
      stderr);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "arpent-bench-loading: %s\n", error.what());
    return 1;
  }
}
