// ar::ml::WeightStore: a model's tensors, from a safetensors file. For C++23; link arpent::ml.
//
//   const auto weights = ar::ml::WeightStore::map("model.safetensors");
//   if (!weights) return fail(weights.error().text);   // model.safetensors: tensor "fc1.bias": its shape …
//   const auto matrix = weights->view<float>("fc1.weight", {10, ar::ml::any_size});
//
// Weights live as long as the process. map() maps the file read-only: nothing is copied, and all processes
// that serve the same file share its pages. copy() puts the tensors into memory of the caller's, each at a
// multiple of 64 bytes. view() looks at a file that is in memory already.
//
// The format: 8 bytes, little-endian, with the length of a header; the header, JSON, that names each tensor
// with dtype, shape and place; the data, without gaps. A file that is not so is refused, and the error says
// which tensor is wrong and how.
//
// A mapped file must not be cut short while it is mapped: reading what is gone ends the process with SIGBUS.
// write_weights replaces a file as a whole, which leaves those who have mapped the old one untouched.
#pragma once

#if !defined(__cplusplus) || __cplusplus <= 202002L
#error "<arpent/ml/weight_store.hpp> needs C++23 (-std=c++23)"
#endif

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../allocator.hpp"
#include "../half.hpp"

namespace ar::ml {

// The type of a tensor's items, as the format has them.
enum class Dtype : unsigned char {
  boolean,  // a byte that is 0 or 1; no view of bool, for the file may have others
  u8,
  i8,
  f8_e5m2,      // as bytes only
  f8_e4m3,      // as bytes only
  f8_e8m0,      // as bytes only
  f8_e4m3fnuz,  // as bytes only
  f8_e5m2fnuz,  // as bytes only
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  f64,
  i64,
  u64,
  c64,      // two floats; as bytes only
  f4,       // two items per byte; as bytes only
  f6_e2m3,  // four items per three bytes; as bytes only
  f6_e3m2,  // four items per three bytes; as bytes only
};

// As the format writes it: "F32". Never released.
[[nodiscard]] const char* name(Dtype dtype) noexcept;
// Bits of an item: 4 or 6 for the types that share bytes, else a multiple of 8.
[[nodiscard]] std::size_t bits_of(Dtype dtype) noexcept;

struct Tensor {
  std::string name;
  Dtype dtype = Dtype::u8;
  std::vector<std::size_t> shape;   // row-major; none: a scalar
  std::span<const std::byte> data;  // as long as the store; of as many bytes as dtype and shape say
};

enum class WeightFault : unsigned char {
  file,           // cannot be opened, read, mapped or written; the text has the system's reason
  lock,           // its pages cannot be locked
  truncated,      // shorter than the length or the header
  header_size,    // the header is longer than 100 MB, or empty
  malformed,      // the header is no JSON as it has to be
  unknown_dtype,  // a dtype that is not in Dtype
  duplicate,      // a name or a key comes twice
  overflow,       // the shape's size in bytes does not fit into 63 bits
  wrong_size,     // dtype and shape say another number of bytes than the place
  out_of_range,   // data past the end of the file: it is truncated, or the header is wrong
  overlap,        // two tensors share bytes
  hole,           // bytes that belong to no tensor
  not_found,      // no tensor of this name
  wrong_dtype,    // the tensor is of another type than asked for
  wrong_shape,    // the tensor has another shape than asked for
  misaligned,     // the tensor does not lie at a multiple of its items' alignment; copy() mends that
  bad_name,       // write_weights: the name is not UTF-8, or is reserved
  out_of_memory,  // the allocator has no such block
  partial_byte,   // items of 4 or 6 bits that do not fill their last byte
};

struct WeightError {
  WeightFault fault;
  std::string tensor;  // its name, empty where none is at fault
  std::string text;    // one line: file, tensor and what is wrong, without a full stop
};

struct MapOptions {
  bool prefault = false;    // read all pages now, so that the first inference waits for none
  bool huge_pages = false;  // ask for huge pages; where the file's system has none, nothing changes
  bool lock = false;        // keep the pages in memory; needs a limit (ulimit -l) as large as the file
};

// In a shape that is asked for: this dimension may be of any size.
inline constexpr std::size_t any_size = SIZE_MAX;

// Moved, not copied. Once made it is only read: several threads may use it at once. Its own tables come from
// operator new, and std::bad_alloc is thrown when they find no memory.
class WeightStore {
 public:
  // The file's tensors, where they are: mapped read-only.
  [[nodiscard]] static std::expected<WeightStore, WeightError> map(const std::string& path,
                                                                   MapOptions options = {});
  // The file's tensors, copied into one block of the allocator's, each at a multiple of 64 bytes. The
  // allocator, and the description's text, must outlive the store, which gives the block back.
  [[nodiscard]] static std::expected<WeightStore, WeightError> copy(
      const std::string& path, Allocator allocator,
      Description description = {"weights", std::source_location::current()});
  // A file's bytes that are in memory already, and must outlive the store.
  [[nodiscard]] static std::expected<WeightStore, WeightError> view(std::span<const std::byte> file);

  WeightStore(WeightStore&& other) noexcept;
  WeightStore& operator=(WeightStore&& other) noexcept;
  WeightStore(const WeightStore&) = delete;
  WeightStore& operator=(const WeightStore&) = delete;
  ~WeightStore();

  // All tensors, sorted by name.
  [[nodiscard]] std::span<const Tensor> tensors() const noexcept { return tensors_; }
  // The tensor of this name, or null. Allocates nothing.
  [[nodiscard]] const Tensor* find(std::string_view name) const noexcept;
  // Of the file's free text (its __metadata__) what stands under this key.
  [[nodiscard]] std::optional<std::string_view> metadata(std::string_view key) const noexcept;
  // Bytes of all tensors together.
  [[nodiscard]] std::size_t size() const noexcept;

  // A tensor's items, which must be of type T: float, double, ar::f16, ar::bf16, or an integer of 8 to 64
  // bits; no conversion. With a shape, the tensor's must be the same; any_size stands for whatever it is.
  // As long as the store, moved or not. Allocates nothing unless it fails.
  template <class T>
  [[nodiscard]] std::expected<std::span<const T>, WeightError> view(std::string_view name) const {
    return typed<T>(checked(name, dtype_of<T>(), nullptr));
  }
  template <class T>
  [[nodiscard]] std::expected<std::span<const T>, WeightError> view(
      std::string_view name, std::span<const std::size_t> shape) const {
    return typed<T>(checked(name, dtype_of<T>(), &shape));
  }
  template <class T>
  [[nodiscard]] std::expected<std::span<const T>, WeightError> view(
      std::string_view name, std::initializer_list<std::size_t> shape) const {
    return view<T>(name, std::span<const std::size_t>{shape.begin(), shape.size()});
  }

 private:
  WeightStore() = default;
  [[nodiscard]] std::expected<const Tensor*, WeightError> checked(
      std::string_view name, Dtype dtype, const std::span<const std::size_t>* shape) const;
  void release() noexcept;

  template <class T>
  [[nodiscard]] static consteval Dtype dtype_of();
  template <class T>
  [[nodiscard]] static std::expected<std::span<const T>, WeightError> typed(
      std::expected<const Tensor*, WeightError> tensor) {
    if (!tensor) {
      return std::unexpected(std::move(tensor.error()));
    }
    const std::span<const std::byte> data = (*tensor)->data;
    return std::span<const T>{reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }

  std::string path_;  // for errors; empty for view()
  std::vector<Tensor> tensors_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::span<const std::byte> mapping_;
  std::span<std::byte> block_;
  Allocator allocator_ = null_allocator;  // of the block
};

// What write_weights takes: the bytes as they are to stand in the file.
struct TensorToWrite {
  std::string_view name;
  Dtype dtype;
  std::span<const std::size_t> shape;
  std::span<const std::byte> data;
};

// Writes a safetensors file that view<T>() can use when it is mapped: the tensors with the largest items come
// first, so that each lies at a multiple of its item's size, and the data begins at a multiple of 64 bytes.
// The file is made beside `path` and then takes its place; on failure what was there is as it was.
[[nodiscard]] std::expected<void, WeightError> write_weights(
    const std::string& path, std::span<const TensorToWrite> tensors,
    std::span<const std::pair<std::string_view, std::string_view>> metadata = {});

template <class T>
consteval Dtype WeightStore::dtype_of() {
  if constexpr (std::is_same_v<T, float>) {
    return Dtype::f32;
  } else if constexpr (std::is_same_v<T, double>) {
    return Dtype::f64;
  } else if constexpr (std::is_same_v<T, ar::f16>) {
    return Dtype::f16;
  } else if constexpr (std::is_same_v<T, ar::bf16>) {
    return Dtype::bf16;
  } else {
    constexpr bool is_number = std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8;
    static_assert(is_number,
                  "WeightStore::view<T>: T is float, double, ar::f16, ar::bf16 or an integer, not const; the "
                  "bytes of any tensor are in find(name)->data");
    constexpr bool is_signed = std::is_signed_v<T>;
    switch (sizeof(T)) {
      case 1:
        return is_signed ? Dtype::i8 : Dtype::u8;
      case 2:
        return is_signed ? Dtype::i16 : Dtype::u16;
      case 4:
        return is_signed ? Dtype::i32 : Dtype::u32;
      default:
        return is_signed ? Dtype::i64 : Dtype::u64;
    }
  }
}

}  // namespace ar::ml
