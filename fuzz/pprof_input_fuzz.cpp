// What decompresses profiles, and the reader of pprof's files: any bytes as gzip's and as Zstandard's, and as
// what is inside, because checksums would keep the fuzzer out. What is read stays within the limit that is
// asked for.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "profile/read/compressed.hpp"
#include "profile/read/gzip.hpp"
#include "profile/read/profile_file.hpp"
#include "profile/read/reader.hpp"

namespace {

constexpr std::size_t most = std::size_t{1} << 20U;

void check(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void read_pprof(std::string_view gzip) {
  const auto profile = ar::profile::read_pprof_profile(gzip, most);
  check(profile || (!profile.error().empty() && profile.error().find('\n') == std::string::npos));
}

void read_zstandard(std::span<const std::byte> frame) {
  const auto image = ar::profile::decompress(frame, most);
  if (image) {
    check(image->size() <= most);
    static_cast<void>(ar::profile::read_profile(*image));
  } else {
    check(!image.error().empty() && image.error().find('\n') == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto bytes = std::as_bytes(std::span{data, size});
  read_pprof(input);
  read_pprof(ar::profile::compressed(input));
  read_zstandard(bytes);
  const auto frame = ar::profile::compress(bytes);
  check(frame.has_value());
  read_zstandard(*frame);
  return 0;
}
