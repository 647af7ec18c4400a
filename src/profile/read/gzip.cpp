#include "profile/read/gzip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "profile/read/input.hpp"

namespace ar::profile {
namespace {

// zlib: the largest window, and 16 for gzip's header.
constexpr int gzip_window = 15 + 16;
constexpr int memory_level = 8;

// zlib counts in unsigned int, and its interface is not const.
uInt give(z_stream& stream, std::string_view& bytes) {
  const std::size_t part = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(part);
  bytes.remove_prefix(part);
  return stream.avail_in;
}

}  // namespace

std::string compressed(std::string_view bytes) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error{"there is no memory to compress the profile"};
  }
  std::string out;
  std::array<char, 1U << 16U> buffer;
  int result = Z_OK;
  while (result == Z_OK || result == Z_BUF_ERROR) {
    if (stream.avail_in == 0) {
      give(stream, bytes);
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    result = ::deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  ::deflateEnd(&stream);
  return out;
}

std::expected<std::string, std::string> decompressed(std::string_view gzip, std::size_t most) {
  z_stream stream{};
  if (::inflateInit2(&stream, gzip_window) != Z_OK) {
    return std::unexpected(std::string{"there is no memory to decompress it"});
  }
  std::string out;
  std::array<char, 1U << 16U> buffer;
  int result = Z_OK;
  while (result == Z_OK && out.size() <= most) {
    if (stream.avail_in == 0 && give(stream, gzip) == 0) {
      break;
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    result = ::inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  const std::string reason = stream.msg == nullptr ? "" : fmt::format(" ({})", stream.msg);
  ::inflateEnd(&stream);
  if (out.size() > most) {
    return std::unexpected("it " + too_large_profile(most));
  }
  if (result != Z_STREAM_END) {
    return std::unexpected(result == Z_OK ? std::string{"its compressed data ends too early"}
                                          : fmt::format("its compressed data is damaged{}", reason));
  }
  return out;
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace ar::profile
