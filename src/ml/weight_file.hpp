// A safetensors file on disk: opened, then mapped or read.
#pragma once

#include <arpent/ml/weight_store.hpp>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <utility>

namespace ar::ml::safetensors {

// A regular file, open for reading. Errors begin with its path.
class File {
 public:
  [[nodiscard]] static std::expected<File, WeightError> open(const std::string& path);
  File(File&& other) noexcept
      : path_(other.path_), number_(std::exchange(other.number_, -1)), size_(other.size_) {}
  File& operator=(File&&) = delete;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  // Bytes, as they were when it was opened.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Fills `bytes` with those from `offset` on. A file that has become shorter is WeightFault::truncated.
  [[nodiscard]] std::expected<void, WeightError> read(std::span<std::byte> bytes, std::size_t offset) const;
  // The whole file, read-only and shared; ends with munmap.
  [[nodiscard]] std::expected<std::span<const std::byte>, WeightError> map(const MapOptions& options) const;

 private:
  File(const std::string& path, int number) : path_(&path), number_(number) {}
  [[nodiscard]] WeightError error(WeightFault fault, const std::string& what) const;

  const std::string* path_;
  int number_;
  std::size_t size_ = 0;
};

// The error with the path before its text, unless that is empty.
[[nodiscard]] WeightError in_file(const std::string& path, WeightError error);

}  // namespace ar::ml::safetensors
