// Whether our library may go into the program that an ELF file is. Reads a few small pieces of the file and
// believes none of them: a damaged file is for exec to refuse.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/untracked.hpp"

namespace ar::abi {

// A file of which the last piece that was read is kept. No descriptor of its own.
class FileWindow {
 public:
  void set(int descriptor) noexcept {
    descriptor_ = descriptor;
    size_ = 0;
  }
  // False if the file does not have these bytes, or cannot be read. At most `capacity` bytes.
  [[nodiscard]] bool read(std::uint64_t offset, void* to, std::size_t size) noexcept;

  // Up to `size` bytes, as many as there are. Returns how many.
  [[nodiscard]] std::size_t read_some(std::uint64_t offset, void* to, std::size_t size) noexcept;

  static constexpr std::size_t capacity = 4096;

 private:
  int descriptor_ = -1;
  std::uint64_t start_ = 0;
  std::size_t size_ = 0;
  char bytes_[capacity];
};

// Large: not for small stacks.
class ElfJudge {
 public:
  enum class Kind : std::uint8_t {
    not_elf,
    program,  // `cause` says more
    loader,   // that of the C library: what it is asked to run decides
  };

  struct Verdict {
    Kind kind = Kind::not_elf;
    track::Untracked cause = track::Untracked::not_so;
  };

  [[nodiscard]] Verdict judge(int descriptor) noexcept;

 private:
  struct Segment {
    std::uint64_t address, offset, size;
  };
  static constexpr std::size_t most_loaded = 64;
  static constexpr std::size_t longest_name = 256;

  [[nodiscard]] bool read_segments(std::uint64_t table, std::size_t count) noexcept;
  [[nodiscard]] bool holds_arpent(const Segment& notes) noexcept;
  [[nodiscard]] bool read_dynamic_section() noexcept;
  [[nodiscard]] bool is_loader() noexcept;
  [[nodiscard]] bool has_other_c_library() noexcept;
  [[nodiscard]] bool needs_sanitizer() noexcept;
  [[nodiscard]] bool holds_sanitizer() noexcept;
  [[nodiscard]] bool refers_to_sanitizer(std::uint64_t end) noexcept;
  [[nodiscard]] bool defines(const char* name) noexcept;
  [[nodiscard]] bool defines_by_gnu_hash(const char* name) noexcept;
  [[nodiscard]] bool defines_by_old_hash(const char* name) noexcept;
  [[nodiscard]] bool is_symbol(std::uint32_t index, const char* name) noexcept;

  // The offset of the address in the file, or no_offset if no segment contains it.
  [[nodiscard]] std::uint64_t offset_of(std::uint64_t address) const noexcept;
  // Reads the string into name_. Returns false if it does not end in the file or is too long.
  [[nodiscard]] bool read_name(std::uint64_t string) noexcept;

  FileWindow file_;     // headers, tables
  FileWindow strings_;  // the string table, which is read in between
  Segment loaded_[most_loaded];
  std::size_t loaded_count_;
  Segment interpreter_, dynamic_;  // size 0 means that the file has none
  bool has_arpent_;
  std::uint64_t string_table_, symbol_table_, gnu_hash_, old_hash_;  // addresses; 0 means none
  std::uint64_t shared_name_;
  bool has_shared_name_;
  char name_[longest_name];
};

}  // namespace ar::abi
