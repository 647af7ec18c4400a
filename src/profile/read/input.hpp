// Reads files that others may have made or exchanged: never waits for what cannot be a file, never reads
// without end, and looks at what it has opened, not at the name.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace ar::profile {

// The most that is read from one file, and that one file may hold decompressed, unless --max-input says
// otherwise.
inline constexpr std::uint64_t default_most_input = std::uint64_t{1} << 30U;

// "holds more than 1073741824 bytes": for the end of a sentence.
[[nodiscard]] std::string too_large(std::uint64_t most);

// The same of a profile, with the option that changes it.
[[nodiscard]] std::string too_large_profile(std::uint64_t most);

// Pipes and devices give what they have until they end. Only what the user names can be meant so.
enum class Streams : std::uint8_t { refused, accepted };
enum class Links : std::uint8_t { refused, followed };

// A regular file, or a stream if it is accepted, that is open for reading.
class InputFile {
 public:
  // `path` counts from the open folder `directory`. The error is a sentence without a full stop that begins
  // with a verb ("cannot be opened", unless `failing` is another), to be put after the file's name.
  [[nodiscard]] static std::expected<InputFile, std::string> open(
      const std::filesystem::path& path, Streams streams, Links links, int directory = AT_FDCWD,
      std::string_view failing = "cannot be opened");
  InputFile(InputFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  InputFile& operator=(InputFile&&) = delete;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }  // of a stream 0

  // All of it from where it stands. More than `most` bytes are an error.
  [[nodiscard]] std::expected<std::string, std::string> read(std::uint64_t most) const;

  // Up to `count` bytes from `offset`; fewer if the file ends before. Not of streams.
  [[nodiscard]] std::expected<std::string, std::string> read_at(std::uint64_t offset,
                                                                std::uint64_t count) const;

  // Hands the descriptor over.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

 private:
  InputFile(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}

  int descriptor_;
  std::uint64_t size_;
};

// All that the descriptor gives until its end; a pipe's writer is waited for. More than `most` bytes are an
// error.
[[nodiscard]] std::expected<std::string, std::string> read_stream(int descriptor, std::uint64_t most);

// All of the file that `path` names, through links. The error is "cannot be read: …", or as above.
[[nodiscard]] std::expected<std::string, std::string> read_input(const std::filesystem::path& path,
                                                                 Streams streams,
                                                                 std::uint64_t most = default_most_input);

}  // namespace ar::profile
