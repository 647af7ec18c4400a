#include "arpent/ml/weight_store.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>

#include "ml/safetensors_header.hpp"
#include "ml/weight_file.hpp"

namespace ar::ml {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian, and views copy nothing");

namespace {

using safetensors::in_file;
using safetensors::length_size;

constexpr std::size_t block_alignment = 64;  // a cache line, and the widest vector register

// The bytes of the header, for a file of `file_size` bytes that begins with `start`.
[[nodiscard]] std::expected<std::size_t, WeightError> header_length(std::span<const std::byte> start,
                                                                    std::size_t file_size) {
  using safetensors::error;
  if (file_size < length_size) {
    return std::unexpected(
        error(WeightFault::truncated, nullptr,
              "the file has " + std::to_string(file_size) + " bytes, and the header's length alone takes 8"));
  }
  std::uint64_t length = 0;
  for (std::size_t index = length_size; index-- > 0;) {
    length = (length << 8U) | std::to_integer<std::uint64_t>(start[index]);
  }
  if (length == 0 || length > safetensors::largest_header) {
    return std::unexpected(
        error(WeightFault::header_size, nullptr,
              "a header of " + std::to_string(length) + " bytes: that is no safetensors file"));
  }
  if (length > file_size - length_size) {
    return std::unexpected(error(WeightFault::truncated, nullptr,
                                 "the header is " + std::to_string(length) + " bytes, and the file has " +
                                     std::to_string(file_size - length_size) + " after its length"));
  }
  return static_cast<std::size_t>(length);
}

[[nodiscard]] constexpr std::size_t rounded(std::size_t size) noexcept {
  return (size + block_alignment - 1) & ~(block_alignment - 1);
}

}  // namespace

std::expected<WeightStore, WeightError> WeightStore::view(std::span<const std::byte> file) {
  const auto length = header_length(file, file.size());
  if (!length) {
    return std::unexpected(length.error());
  }
  const std::span<const std::byte> text = file.subspan(length_size, *length);
  const std::span<const std::byte> data = file.subspan(length_size + *length);
  auto header =
      safetensors::read_header({reinterpret_cast<const char*>(text.data()), text.size()}, data.size());
  if (!header) {
    return std::unexpected(std::move(header.error()));
  }
  WeightStore store;
  store.metadata_ = std::move(header->metadata);
  store.tensors_.reserve(header->entries.size());
  for (safetensors::Entry& entry : header->entries) {
    store.tensors_.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                              data.subspan(entry.begin, entry.end - entry.begin)});
  }
  return store;
}

std::expected<WeightStore, WeightError> WeightStore::map(const std::string& path, MapOptions options) {
  const auto file = safetensors::File::open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto mapping = file->map(options);
  if (!mapping) {
    return std::unexpected(mapping.error());
  }
  WeightStore owner;  // of the mapping, whatever happens meanwhile
  owner.mapping_ = *mapping;
  auto store = view(*mapping);
  if (!store) {
    return std::unexpected(in_file(path, std::move(store.error())));
  }
  store->path_ = path;
  store->mapping_ = std::exchange(owner.mapping_, {});
  return store;
}

std::expected<WeightStore, WeightError> WeightStore::copy(const std::string& path, Allocator allocator,
                                                          Description description) {
  const auto file = safetensors::File::open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  std::array<std::byte, length_size> start{};
  const std::span begin = std::span{start}.first(std::min(length_size, file->size()));
  if (auto done = file->read(begin, 0); !done) {
    return std::unexpected(std::move(done.error()));
  }
  const auto length = header_length(start, file->size());
  if (!length) {
    return std::unexpected(in_file(path, length.error()));
  }
  std::string text(*length, '\0');
  if (auto done = file->read(std::as_writable_bytes(std::span{text}), length_size); !done) {
    return std::unexpected(std::move(done.error()));
  }
  const std::size_t data_begin = length_size + *length;
  auto header = safetensors::read_header(text, file->size() - data_begin);
  if (!header) {
    return std::unexpected(in_file(path, std::move(header.error())));
  }

  std::size_t total = 0;  // cannot overflow: a file's bytes, and 63 more for each entry of its header
  for (const safetensors::Entry& entry : header->entries) {
    total += rounded(entry.end - entry.begin);
  }
  const auto block = allocator.aligned_alloc<std::byte>(Alignment{block_alignment}, total, description);
  if (!block) {
    return std::unexpected(
        in_file(path, safetensors::error(WeightFault::out_of_memory, nullptr,
                                         "no block of " + std::to_string(total) +
                                             " bytes for its tensors: " + message(block.error()))));
  }
  WeightStore store;
  store.allocator_ = allocator;
  store.block_ = *block;
  store.path_ = path;
  store.metadata_ = std::move(header->metadata);
  store.tensors_.reserve(header->entries.size());
  std::span<std::byte> free = *block;
  for (safetensors::Entry& entry : header->entries) {
    const std::span<std::byte> data = free.first(entry.end - entry.begin);
    if (auto done = file->read(data, data_begin + entry.begin); !done) {
      return std::unexpected(std::move(done.error()));
    }
    store.tensors_.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape), data});
    free = free.subspan(rounded(data.size()));
  }
  return store;
}

WeightStore::WeightStore(WeightStore&& other) noexcept
    : path_(std::move(other.path_)),
      tensors_(std::move(other.tensors_)),
      metadata_(std::move(other.metadata_)),
      mapping_(std::exchange(other.mapping_, {})),
      block_(std::exchange(other.block_, {})),
      allocator_(other.allocator_) {}

WeightStore& WeightStore::operator=(WeightStore&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    tensors_ = std::move(other.tensors_);
    metadata_ = std::move(other.metadata_);
    mapping_ = std::exchange(other.mapping_, {});
    block_ = std::exchange(other.block_, {});
    allocator_ = other.allocator_;
  }
  return *this;
}

WeightStore::~WeightStore() { release(); }

void WeightStore::release() noexcept {
  if (!mapping_.empty()) {
    ::munmap(const_cast<std::byte*>(mapping_.data()), mapping_.size());
  }
  allocator_.free(block_, Alignment{block_alignment});
}

const Tensor* WeightStore::find(std::string_view name) const noexcept {
  const auto at = std::ranges::lower_bound(
      tensors_, name, {}, [](const Tensor& tensor) { return std::string_view{tensor.name}; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

std::optional<std::string_view> WeightStore::metadata(std::string_view key) const noexcept {
  const auto at = std::ranges::find(metadata_, key, &std::pair<std::string, std::string>::first);
  return at == metadata_.end() ? std::nullopt : std::optional<std::string_view>{at->second};
}

std::size_t WeightStore::size() const noexcept {
  std::size_t bytes = 0;
  for (const Tensor& tensor : tensors_) {
    bytes += tensor.data.size();
  }
  return bytes;
}

std::expected<const Tensor*, WeightError> WeightStore::checked(
    std::string_view name, Dtype dtype, const std::span<const std::size_t>* shape) const {
  const Tensor* const tensor = find(name);
  const auto wrong = [&](WeightFault fault, const std::string& what) {
    const std::string text{name};
    return std::unexpected(in_file(path_, safetensors::error(fault, &text, what)));
  };
  if (tensor == nullptr) {
    return wrong(WeightFault::not_found,
                 "there is none of this name among the " + std::to_string(tensors_.size()));
  }
  if (tensor->dtype != dtype) {
    return wrong(WeightFault::wrong_dtype, std::string("its dtype is ") + ml::name(tensor->dtype) + ", and " +
                                               ml::name(dtype) + " was asked for");
  }
  const auto fits = [](std::size_t has, std::size_t asked) { return asked == any_size || has == asked; };
  if (shape != nullptr && !std::ranges::equal(tensor->shape, *shape, fits)) {
    return wrong(WeightFault::wrong_shape, "its shape is " + safetensors::text_of(tensor->shape) + ", and " +
                                               safetensors::text_of(*shape) + " was asked for");
  }
  const std::size_t alignment = bits_of(dtype) / 8;  // of a type that has views: whole bytes
  if (!tensor->data.empty() && detail::address_of(tensor->data.data()) % alignment != 0) {
    return wrong(WeightFault::misaligned, "its data does not lie at a multiple of " +
                                              std::to_string(alignment) +
                                              " bytes; WeightStore::copy puts it there");
  }
  return tensor;
}

}  // namespace ar::ml
