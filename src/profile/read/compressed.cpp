#include "profile/read/compressed.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <cstring>
#include <memory>

#include "profile/read/input.hpp"

namespace ar::profile {

namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

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

std::expected<std::vector<std::byte>, std::string> decompress(std::span<const std::byte> file,
                                                              std::uint64_t most) {
  const unsigned long long claimed = ZSTD_getFrameContentSize(file.data(), file.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR) {
    return std::unexpected(std::string{"is damaged: its compressed frame has no valid beginning"});
  }
  if (claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed > most) {
    return std::unexpected(too_large_profile(most));
  }
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context{ZSTD_createDCtx()};
  if (context == nullptr) {
    return std::unexpected(std::string{"cannot be decompressed: there is no memory"});
  }
  std::vector<std::byte> image;
  ZSTD_inBuffer input{.src = file.data(), .size = file.size(), .pos = 0};
  std::vector<std::byte> part(ZSTD_DStreamOutSize());
  std::size_t expected = 1;  // bytes of the frame that are still to come; 0 means that it is complete
  while (input.pos < input.size || expected != 0) {
    const std::size_t before = input.pos;
    ZSTD_outBuffer output{.dst = part.data(), .size = part.size(), .pos = 0};
    expected = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(expected) != 0) {
      return std::unexpected(fmt::format("is cut short or damaged: {}", ZSTD_getErrorName(expected)));
    }
    if (image.size() + output.pos > most) {
      return std::unexpected(too_large_profile(most));
    }
    image.insert(image.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(output.pos));
    if (output.pos == 0 && input.pos == before && expected != 0) {
      return std::unexpected(std::string{"is cut short or damaged: its compressed frame has no end"});
    }
  }
  return image;
}

}  // namespace ar::profile
