// Safetensors files as bytes, good and bad ones, for the tests of what reads them.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace ar::testing {

// A header for 7 bytes of data.
inline constexpr std::string_view two_tensors =
    R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"I16","shape":[1,2],"data_offsets":[3,7]}})";

// A file with this header, as it is, and `data_size` bytes of data: 0, 1, 2 and so on.
[[nodiscard]] inline std::string weight_file(std::string_view header, std::size_t data_size) {
  std::string file;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    file.push_back(static_cast<char>((std::uint64_t{header.size()} >> shift) & 0xffU));
  }
  file += header;
  for (std::size_t index = 0; index < data_size; ++index) {
    file.push_back(static_cast<char>(index & 0xffU));
  }
  return file;
}

// Its bytes in a block of their own and at a multiple of 16, so that a sanitizer sees reads past the end.
class FileBytes {
 public:
  explicit FileBytes(std::string_view file) : bytes_(file.size()) {
    if (!file.empty()) {
      std::memcpy(bytes_.data(), file.data(), file.size());
    }
  }
  [[nodiscard]] std::span<const std::byte> get() const noexcept { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// A folder for files of one test, which ends with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "arpent-weights-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::filesystem::filesystem_error("mkdtemp", pattern,
                                              std::error_code{errno, std::generic_category()});
    }
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }
  // Writes the file and returns its path.
  [[nodiscard]] std::string file(std::string_view name, std::string_view content) const {
    std::ofstream stream{path_ / name, std::ios::binary};
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    return file(name);
  }
  [[nodiscard]] std::size_t count() const {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{path_}) {
      ++files;
    }
    return files;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ar::testing
