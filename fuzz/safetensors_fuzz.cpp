// The reader of safetensors files: any bytes as a whole file, and as a header of the right length before some
// data, so that the fuzzer need not find that length by itself.
#include <algorithm>
#include <arpent/ml/weight_store.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace {

void check(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void read(std::span<const std::byte> file) {
  const auto store = ar::ml::WeightStore::view(file);
  if (!store) {
    check(!store.error().text.empty() && store.error().text.find('\n') == std::string::npos);
    return;
  }
  std::size_t sum = 0;
  for (const ar::ml::Tensor& tensor : store->tensors()) {
    std::size_t items = 1;
    for (const std::size_t size : tensor.shape) {
      items *= size;
    }
    check(tensor.data.size() * 8 == items * bits_of(tensor.dtype));
    check(tensor.data.empty() || (tensor.data.data() >= file.data() &&
                                  tensor.data.data() + tensor.data.size() <= file.data() + file.size()));
    check(store->find(tensor.name) == &tensor);
    check(store->view<float>(tensor.name).has_value() <= (tensor.dtype == ar::ml::Dtype::f32));
    check(!store->view<float>(tensor.name, {1, 2, 3, 4, 5, 6, 7}).has_value() || tensor.shape.size() == 7);
    sum += tensor.data.size();
  }
  check(sum == store->size() && sum < file.size());  // each byte of the data is one tensor's
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input{data, size};
  read(std::as_bytes(input));
  if (size == 0) {
    return 0;
  }
  const std::size_t data_size = input[0];
  const std::span header = input.subspan(1);
  std::vector<std::uint8_t> file(8 + header.size() + data_size);
  for (unsigned index = 0; index < 8; ++index) {
    file[index] = static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * index));
  }
  std::copy(header.begin(), header.end(), file.begin() + 8);
  read(std::as_bytes(std::span{file}));
  return 0;
}
