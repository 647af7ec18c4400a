#include "profile/read/profile_file.hpp"

#include <fmt/format.h>

#include <cstring>
#include <protozero/pbf_reader.hpp>

#include "profile/read/gzip.hpp"
#include "profile/read/packed_profile.hpp"
#include "profile/read/region_file.hpp"

namespace ar::profile {
namespace {

std::expected<std::string_view, std::string> own_part(std::string_view message) {
  try {
    for (protozero::pbf_reader reader{message.data(), message.size()}; reader.next();) {
      if (reader.tag() == pprof_own_field &&
          reader.wire_type() == protozero::pbf_wire_type::length_delimited) {
        const protozero::data_view bytes = reader.get_view();
        return std::string_view{bytes.data(), bytes.size()};
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

std::expected<Profile, std::string> read_pprof_profile(std::string_view gzip, std::uint64_t most) {
  const auto message = decompressed(gzip, most);
  if (!message) {
    return std::unexpected(fmt::format("cannot be read: {}", message.error()));
  }
  const auto own = own_part(*message);
  return own ? unpacked(*own, most) : std::unexpected(own.error());
}

std::expected<Profile, std::string> load_profile(const std::filesystem::path& path, std::uint64_t most) {
  const auto file = InputFile::open(path, Streams::refused, Links::followed);
  const auto start =
      file ? file->read_at(0, sizeof track::profile_magic) : std::unexpected(std::string{file.error()});
  if (!start) {
    return std::unexpected(start.error());
  }
  if (start->empty()) {
    return std::unexpected(std::string{"is empty"});
  }
  if (is_gzip(*start)) {
    if (file->size() > most) {
      return std::unexpected(too_large_profile(most));
    }
    const auto bytes = file->read(most);
    return bytes ? read_pprof_profile(*bytes, most) : std::unexpected(bytes.error());
  }
  if (*start != magic() && !start->starts_with(zstandard_start)) {
    return std::unexpected(std::string{"is not a profile of Arpent, or its first bytes were overwritten"});
  }
  return read_profile_file(*file, most);
}

}  // namespace ar::profile
