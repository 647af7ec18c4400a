#include "profile/read/profile_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <protozero/pbf_reader.hpp>

#include "profile/read/gzip.hpp"
#include "profile/read/packed_profile.hpp"
#include "profile/read/region_file.hpp"

namespace ar::profile {
namespace {

// Larger than any profile; a small file can claim to hold any amount.
constexpr std::size_t most_bytes = std::size_t{1} << 30U;

std::expected<std::string, std::string> own_part(std::string_view message) {
  try {
    for (protozero::pbf_reader reader{message.data(), message.size()}; reader.next();) {
      if (reader.tag() == pprof_own_field &&
          reader.wire_type() == protozero::pbf_wire_type::length_delimited) {
        return reader.get_bytes();
      }
      reader.skip();
    }
  } catch (const protozero::exception& error) {
    return std::unexpected(fmt::format("is cut short or damaged ({})", error.what()));
  }
  return std::unexpected(
      std::string{"was not written by Arpent; of pprof's profiles, only its own can be read"});
}

// Of a finished profile, which reader.hpp reads as well.
constexpr std::string_view zstandard_start = "\x28\xb5\x2f\xfd";

std::string magic() {
  std::string bytes(sizeof track::profile_magic, '\0');
  std::memcpy(bytes.data(), &track::profile_magic, bytes.size());
  return bytes;
}

}  // namespace

std::expected<Profile, std::string> read_pprof_profile(std::string_view gzip) {
  const auto message = decompressed(gzip, most_bytes);
  if (!message) {
    return std::unexpected(fmt::format("cannot be read: {}", message.error()));
  }
  const auto own = own_part(*message);
  if (!own) {
    return std::unexpected(own.error());
  }
  return unpacked(*own);
}

std::expected<Profile, std::string> load_profile(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    std::ifstream file{path, std::ios::binary};
    std::array<char, sizeof track::profile_magic> buffer{};
    file.read(buffer.data(), buffer.size());
    const std::string_view start{buffer.data(), static_cast<std::size_t>(file.gcount())};
    if (start.empty() && file.eof()) {
      return std::unexpected(std::string{"is empty"});
    }
    if (is_gzip(start)) {
      file.clear();
      file.seekg(0);
      const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
      return file.bad() ? std::unexpected(std::string{"cannot be read"}) : read_pprof_profile(bytes);
    }
    if (!start.empty() && start != magic() && !start.starts_with(zstandard_start)) {
      return std::unexpected(std::string{"is not a profile of Arpent, or its first bytes were overwritten"});
    }
  }
  return read_profile_file(path);
}

}  // namespace ar::profile
