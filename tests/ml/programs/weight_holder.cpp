// weight_holder write FILE BYTES: a safetensors file with one tensor of that size.
// weight_holder map|copy FILE: holds the file's weights, reads all of them, says where the first lies and
// waits for the end of its input.
#include <arpent/c_allocator.hpp>
#include <arpent/ml/weight_store.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2) {
    return 2;
  }
  if (words[0] == "write") {
    const std::array<std::size_t, 1> shape{std::strtoul(words.at(2).c_str(), nullptr, 10)};
    std::vector<std::uint8_t> data(shape[0]);
    for (std::size_t index = 0; index < data.size(); ++index) {
      data[index] = static_cast<std::uint8_t>(index % 251);
    }
    const std::array tensors{
        ar::ml::TensorToWrite{"w", ar::ml::Dtype::u8, shape, std::as_bytes(std::span{data})}};
    const auto done = ar::ml::write_weights(words[1], tensors);
    if (!done) {
      std::fprintf(stderr, "%s\n", done.error().text.c_str());
    }
    return done ? 0 : 1;
  }
  const auto store = words[0] == "map" ? ar::ml::WeightStore::map(words[1])
                                       : ar::ml::WeightStore::copy(words[1], ar::c_allocator);
  const auto items = store ? store->view<std::uint8_t>("w") : std::unexpected(store.error());
  if (!items) {
    std::fprintf(stderr, "%s\n", items.error().text.c_str());
    return 1;
  }
  unsigned long sum = 0;
  for (const std::uint8_t item : *items) {
    sum += item;
  }
  std::printf("%p %lu\n", static_cast<const void*>(items->data()), sum);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
