#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "arpent/ml/weight_store.hpp"
#include "ml/safetensors_header.hpp"
#include "ml/weight_file.hpp"

namespace ar::ml {

namespace {

constexpr std::size_t data_alignment = 64;  // of the data's begin in the file, and so in a mapping of it

using Metadata = std::span<const std::pair<std::string_view, std::string_view>>;

[[nodiscard]] std::expected<void, WeightError> check(std::span<const TensorToWrite* const> by_name) {
  const TensorToWrite* before = nullptr;
  for (const TensorToWrite* tensor : by_name) {
    const std::string name{tensor->name};
    const auto wrong = [&](WeightFault fault, const std::string& what) {
      return std::unexpected(safetensors::error(fault, &name, what));
    };
    if (!safetensors::is_utf8(name) || name == safetensors::metadata_key) {
      return wrong(WeightFault::bad_name, "its name is not UTF-8, or is reserved");
    }
    if (before != nullptr && before->name == name) {
      return wrong(WeightFault::duplicate, "its name comes twice");
    }
    const auto bytes = safetensors::bytes_of(tensor->dtype, tensor->shape);
    if (!bytes) {
      return std::unexpected(safetensors::size_error(bytes.error(), &name, tensor->dtype, tensor->shape));
    }
    if (*bytes != tensor->data.size()) {
      const std::string type =
          std::string(ml::name(tensor->dtype)) + " " + safetensors::text_of(tensor->shape);
      return wrong(WeightFault::wrong_size, type + " is " + std::to_string(*bytes) + " bytes, but " +
                                                std::to_string(tensor->data.size()) + " are given");
    }
    before = tensor;
  }
  return {};
}

[[nodiscard]] std::string metadata_text(Metadata metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    text += (text.empty() ? "" : ",") + safetensors::quoted(key) + ":" + safetensors::quoted(value);
  }
  return safetensors::quoted(safetensors::metadata_key) + ":{" + text + "}";
}

// Length and header, padded with spaces to where the data may begin.
[[nodiscard]] std::string head_of(std::span<const TensorToWrite* const> in_order, Metadata metadata) {
  std::string text = metadata.empty() ? "" : metadata_text(metadata);
  std::size_t begin = 0;
  for (const TensorToWrite* tensor : in_order) {
    const std::size_t end = begin + tensor->data.size();
    text += (text.empty() ? "" : ",") + safetensors::quoted(tensor->name) + R"(:{"dtype":")" +
            name(tensor->dtype) + R"(","shape":)" + safetensors::text_of(tensor->shape) +
            R"(,"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
    begin = end;
  }
  text = "{" + text + "}";
  const std::size_t used = safetensors::length_size + text.size();
  text.append((data_alignment - used % data_alignment) % data_alignment, ' ');
  std::string head;
  for (std::size_t index = 0; index < safetensors::length_size; ++index) {
    head.push_back(static_cast<char>((std::uint64_t{text.size()} >> (8 * index)) & 0xffU));
  }
  return head + text;
}

[[nodiscard]] bool write_all(int file, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    bytes = bytes.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::expected<void, WeightError> write_weights(const std::string& path,
                                               std::span<const TensorToWrite> tensors, Metadata metadata) {
  std::vector<const TensorToWrite*> order;
  order.reserve(tensors.size());
  for (const TensorToWrite& tensor : tensors) {
    order.push_back(&tensor);
  }
  std::ranges::sort(order, {}, [](const TensorToWrite* tensor) { return tensor->name; });
  const auto failed = [&](WeightError error) {
    return std::unexpected(safetensors::in_file(path, std::move(error)));
  };
  if (auto good = check(order); !good) {
    return failed(std::move(good.error()));
  }
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : metadata) {
    if (!safetensors::is_utf8(key) || !safetensors::is_utf8(value)) {
      return failed(safetensors::error(WeightFault::bad_name, nullptr, "its metadata is not UTF-8"));
    }
    keys.push_back(key);
  }
  std::ranges::sort(keys);
  if (const auto twin = std::ranges::adjacent_find(keys); twin != keys.end()) {
    return failed(safetensors::error(WeightFault::duplicate, nullptr,
                                     "__metadata__: the key " + safetensors::quoted(*twin) + " comes twice"));
  }
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const TensorToWrite* tensor) { return bits_of(tensor->dtype); });
  const std::string head = head_of(order, metadata);
  if (head.size() - safetensors::length_size > safetensors::largest_header) {
    return failed(safetensors::error(WeightFault::header_size, nullptr, "the header would pass 100 MB"));
  }

  const std::string beside = path + ".new-" + std::to_string(::getpid());
  const auto system_failed = [&](const char* what) {
    const std::string why = std::generic_category().message(errno);
    return failed(safetensors::error(WeightFault::file, nullptr, std::string(what) + ": " + why));
  };
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) {
    return system_failed("cannot be created");
  }
  bool good = write_all(file, std::as_bytes(std::span{head}));
  for (const TensorToWrite* tensor : order) {
    good = good && write_all(file, tensor->data);
  }
  good = good && ::fsync(file) == 0;  // before the new one takes the old one's place
  if (::close(file) != 0 || !good || std::rename(beside.c_str(), path.c_str()) != 0) {
    auto result = system_failed("cannot be written");
    ::unlink(beside.c_str());
    return result;
  }
  return {};
}

}  // namespace ar::ml
