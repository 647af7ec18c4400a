#include "profile/read/compressed.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <cstdint>
#include <cstring>

namespace ar::profile {

namespace {

constexpr std::size_t largest_image = std::size_t{256} << 20U;  // what a process may map

}  // namespace

bool is_compressed(std::span<const std::byte> file) {
  constexpr std::uint32_t magic = ZSTD_MAGICNUMBER;
  return file.size() >= sizeof magic && std::memcmp(file.data(), &magic, sizeof magic) == 0;
}

std::expected<std::vector<std::byte>, std::string> compress(std::span<const std::byte> image) {
  constexpr int level = 9;
  std::vector<std::byte> file(ZSTD_compressBound(image.size()));
  const std::size_t size = ZSTD_compress(file.data(), file.size(), image.data(), image.size(), level);
  if (ZSTD_isError(size) != 0) {
    return std::unexpected(fmt::format("cannot be compressed: {}", ZSTD_getErrorName(size)));
  }
  file.resize(size);
  return file;
}

std::expected<std::vector<std::byte>, std::string> decompress(std::span<const std::byte> file) {
  const unsigned long long size = ZSTD_getFrameContentSize(file.data(), file.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return std::unexpected(std::string{"is damaged: its compressed frame does not say how large it is"});
  }
  if (size > largest_image) {
    return std::unexpected(fmt::format(
        "is damaged: it claims to hold {} bytes, more than the {} there can be", size, largest_image));
  }
  std::vector<std::byte> image(size);
  const std::size_t filled = ZSTD_decompress(image.data(), image.size(), file.data(), file.size());
  if (ZSTD_isError(filled) != 0) {
    return std::unexpected(fmt::format("is cut short or damaged: {}", ZSTD_getErrorName(filled)));
  }
  if (filled != size) {
    return std::unexpected(fmt::format("is damaged: {} bytes came out instead of {}", filled, size));
  }
  return image;
}

}  // namespace ar::profile
