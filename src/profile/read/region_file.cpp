#include "profile/read/region_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "profile/read/compressed.hpp"
#include "profile/read/reader.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::profile {

std::expected<Profile, std::string> read_profile_file(const InputFile& file, std::uint64_t most) {
  const auto head = file.read_at(0, sizeof(track::Header));
  if (!head) {
    return std::unexpected(head.error());
  }
  const auto head_bytes = std::as_bytes(std::span{*head});
  if (is_compressed(head_bytes)) {
    if (file.size() > most) {
      return std::unexpected(too_large_profile(most));
    }
    const auto packed = file.read_at(0, file.size());
    const auto image =
        packed ? decompress(std::as_bytes(std::span{*packed}), most) : std::unexpected(packed.error());
    return image ? read_profile(*image, most) : std::unexpected(image.error());
  }
  if (head->size() < sizeof(track::Header)) {
    return read_profile(head_bytes, most);
  }
  track::Header header;
  std::memcpy(&header, head->data(), sizeof header);
  if (header.magic != track::profile_magic) {
    return read_profile(head_bytes, most);
  }
  if (header.used < sizeof header || header.used > file.size()) {
    header.used = sizeof header;  // damaged: read_profile says so by the header's own account
  }
  // The file may be larger than what is in use. A process that is still running appends meanwhile: records
  // that are linked in while we read lie there.
  const std::uint64_t appended_meanwhile = header.state == track::RunState::running ? 1U << 20U : 0;
  const auto size = std::min(header.used + appended_meanwhile, file.size());
  if (size > most) {
    return std::unexpected(too_large_profile(most));
  }
  const auto bytes = file.read_at(0, size);
  return bytes ? read_profile(std::as_bytes(std::span{*bytes}), most) : std::unexpected(bytes.error());
}

std::expected<Profile, std::string> read_profile_file(const std::filesystem::path& path, int directory,
                                                      std::uint64_t most) {
  const auto file = InputFile::open(path, Streams::refused, Links::refused, directory);
  return file ? read_profile_file(*file, most) : std::unexpected(file.error());
}

}  // namespace ar::profile
