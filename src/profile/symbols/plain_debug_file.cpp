#include "profile/symbols/plain_debug_file.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <lzma.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/symbols/debug_budget.hpp"
#include "profile/symbols/elf_sections.hpp"

namespace ar::profile {
namespace {

// As the ELF specification numbers it; Debian 12's elf.h lacks it.
constexpr std::uint32_t compressed_by_zstd = 2;

// A few bytes can stand for any number, and sections can share them. Compilers' output shrinks to a tenth at
// best.
constexpr std::uint64_t most_decompressed_per_byte = 64;  // that the file takes on disk; a hole takes none
constexpr std::uint64_t bytes_per_block = 512;            // of st_blocks
constexpr std::size_t bytes_at_once = 65536;              // to decompress

// What names functions and lines; the others, of variables and of unwinding, stay as they are.
constexpr std::string_view sections_read[] = {"info",    "types",       "abbrev", "str",
                                              "line",    "line_str",    "ranges", "rnglists",
                                              "aranges", "str_offsets", "addr"};

bool write_at(int file, const void* bytes, std::size_t size, std::uint64_t offset) {
  const auto* at = static_cast<const char*>(bytes);
  while (size != 0) {
    const ssize_t put = ::pwrite(file, at, size, static_cast<off_t>(offset));
    if (put <= 0) {
      return false;
    }
    at += put;
    size -= static_cast<std::size_t>(put);
    offset += static_cast<std::uint64_t>(put);
  }
  return true;
}

struct Section {
  ElfSection of;
  Elf64_Chdr compression;  // of a compressed section
};

bool is_read(std::string_view name) {
  for (const std::string_view prefix : {".debug_", ".zdebug_"}) {
    if (name.starts_with(prefix)) {
      return std::ranges::find(sections_read, name.substr(prefix.size())) != std::end(sections_read);
    }
  }
  return false;
}

bool is_compressed(const ElfSection& section) { return (section.header.sh_flags & SHF_COMPRESSED) != 0; }

std::vector<Section> debug_sections(int file, const std::vector<ElfSection>& all) {
  std::vector<Section> found;
  for (const ElfSection& each : all) {
    Section section{.of = each, .compression = {}};
    if (is_read(section.of.name) &&
        (!is_compressed(section.of) ||
         (section.of.header.sh_size >= sizeof section.compression &&
          read_at(file, &section.compression, sizeof section.compression, section.of.header.sh_offset)))) {
      found.push_back(std::move(section));
    }
  }
  return found;
}

struct EndDecompression {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

// Writes the section's content to `offset` of `copy`. A clause that says what is wrong, or nothing.
std::string decompress(int file, const Section& section, int copy, std::uint64_t offset) {
  const std::unique_ptr<ZSTD_DStream, EndDecompression> stream{ZSTD_createDStream()};
  std::vector<char> input(ZSTD_DStreamInSize());
  std::vector<char> output(ZSTD_DStreamOutSize());
  const std::uint64_t end = section.of.header.sh_offset + section.of.header.sh_size;
  std::uint64_t written = 0;
  std::size_t wanted = 1;  // 0: the frame is complete
  for (std::uint64_t at = section.of.header.sh_offset + sizeof section.compression; at < end;) {
    const std::size_t size = std::min<std::uint64_t>(input.size(), end - at);
    if (!read_at(file, input.data(), size, at)) {
      return fmt::format("section {} is cut short", printable(section.of.name));
    }
    at += size;
    ZSTD_inBuffer in{.src = input.data(), .size = size, .pos = 0};
    for (bool more = true; more;) {
      ZSTD_outBuffer out{.dst = output.data(), .size = output.size(), .pos = 0};
      wanted = ZSTD_decompressStream(stream.get(), &out, &in);
      if (ZSTD_isError(wanted) != 0) {
        return fmt::format("section {} is damaged: {}", printable(section.of.name),
                           ZSTD_getErrorName(wanted));
      }
      written += out.pos;
      if (written > section.compression.ch_size) {
        return fmt::format("section {} is longer than it says", printable(section.of.name));
      }
      if (!write_at(copy, output.data(), out.pos, offset + written - out.pos)) {
        return "there is no memory to decompress it";
      }
      more = in.pos < in.size || out.pos == out.size;
    }
  }
  return wanted == 0 && written == section.compression.ch_size
             ? std::string{}
             : fmt::format("section {} is cut short", printable(section.of.name));
}

// Its place in the file's copy is behind everything else.
std::string replace(int file, Section& section, int copy, std::uint64_t& copy_size) {
  const std::uint64_t alignment = std::clamp<std::uint64_t>(section.compression.ch_addralign, 1, 4096);
  const std::uint64_t offset = (copy_size + alignment - 1) / alignment * alignment;
  if (std::string problem = decompress(file, section, copy, offset); !problem.empty()) {
    return problem;
  }
  section.of.header.sh_flags &= ~std::uint64_t{SHF_COMPRESSED};
  section.of.header.sh_offset = offset;
  section.of.header.sh_size = section.compression.ch_size;
  section.of.header.sh_addralign = alignment;
  copy_size = offset + section.compression.ch_size;
  return write_at(copy, &section.of.header, sizeof section.of.header, section.of.header_offset)
             ? std::string{}
             : "there is no memory to decompress it";
}

struct Range {
  std::uint64_t start, end;
};

// All but code, data and debug sections that are not read.
bool is_unneeded(const ElfSection& section) {
  const bool is_debug = section.name.starts_with(".debug_") || section.name.starts_with(".zdebug_");
  const bool is_content =
      section.header.sh_type == SHT_PROGBITS && (section.header.sh_flags & SHF_ALLOC) != 0;
  return is_content || (is_debug && !is_read(section.name));
}

std::vector<Range> needed_ranges(const std::vector<ElfSection>& all, std::uint64_t size,
                                 bool (*is_unneeded)(const ElfSection&)) {
  std::vector<Range> unneeded{{size, size}};
  for (const ElfSection& section : all) {
    if (is_unneeded(section)) {
      unneeded.push_back({section.header.sh_offset, section.header.sh_offset + section.header.sh_size});
    }
  }
  std::ranges::sort(unneeded, {}, &Range::start);
  std::vector<Range> needed;
  std::uint64_t at = 0;
  for (const Range& range : unneeded) {
    if (at < range.start) {
      needed.push_back({at, range.start});
    }
    at = std::max(at, range.end);
  }
  return needed;
}

// Up to `end`. What a file has as a hole takes memory once it is copied.
bool copy_range(int file, off_t offset, off_t end, int copy) {
  while (offset < end) {
    const off_t data = ::lseek(file, offset, SEEK_DATA);
    if (data >= end || (data < 0 && errno == ENXIO)) {
      return true;
    }
    const off_t hole = data < 0 ? -1 : ::lseek(file, data, SEEK_HOLE);
    offset = data < 0 ? offset : data;  // a file system may know no holes
    const off_t stop = hole < 0 ? end : std::min(hole, end);
    if (::lseek(copy, offset, SEEK_SET) != offset) {
      return false;
    }
    while (offset < stop) {
      if (::sendfile(copy, file, &offset, static_cast<std::size_t>(stop - offset)) <= 0) {
        return false;
      }
    }
  }
  return true;
}

// In the same places; the rest of the copy is a hole.
bool copy_ranges(int file, const std::vector<Range>& ranges, std::uint64_t size, int copy) {
  for (const Range& range : ranges) {
    if (!copy_range(file, static_cast<off_t>(range.start), static_cast<off_t>(range.end), copy)) {
      return false;
    }
  }
  return ::ftruncate(copy, static_cast<off_t>(size)) == 0;
}

bool is_zstd(const Section& section) {
  return is_compressed(section.of) && section.compression.ch_type == compressed_by_zstd;
}

std::uint64_t size_of(const std::vector<Range>& ranges) {
  std::uint64_t size = 0;
  for (const Range& range : ranges) {
    size += range.end - range.start;
  }
  return size;
}

struct EndXz {
  void operator()(lzma_stream* stream) const {
    ::lzma_end(stream);
    delete stream;
  }
};

// What elfutils makes of symbols that are stored as an xz file, whose own word on its size may be wrong.
// Stops beyond `most`.
std::uint64_t size_of_xz(int file, const ElfSection& section, std::uint64_t most) {
  const std::unique_ptr<lzma_stream, EndXz> stream{new lzma_stream(LZMA_STREAM_INIT)};
  constexpr std::uint64_t most_memory = std::uint64_t{128} << 20U;  // for the dictionary
  if (::lzma_auto_decoder(stream.get(), most_memory, 0) != LZMA_OK) {
    return most + 1;
  }
  std::vector<std::uint8_t> input(bytes_at_once);
  std::vector<std::uint8_t> output(bytes_at_once);
  const std::uint64_t end = section.header.sh_offset + section.header.sh_size;
  std::uint64_t at = section.header.sh_offset;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && stream->total_out <= most) {
    if (stream->avail_in == 0) {
      const std::size_t size = std::min<std::uint64_t>(input.size(), end - at);
      if (size == 0 || !read_at(file, input.data(), size, at)) {
        break;
      }
      at += size;
      stream->next_in = input.data();
      stream->avail_in = size;
    }
    stream->next_out = output.data();
    stream->avail_out = output.size();
    result = ::lzma_code(stream.get(), LZMA_RUN);
  }
  return result == LZMA_MEMLIMIT_ERROR ? most + 1 : stream->total_out;
}

// What elfutils or we make of the section, as far as it is at most `most`; 0 if it is not compressed.
std::uint64_t decompressed_size(int file, const ElfSection& section, std::uint64_t most) {
  if (section.name == ".gnu_debugdata") {
    return size_of_xz(file, section, most);
  }
  if (is_compressed(section)) {
    Elf64_Chdr compression{};
    return read_at(file, &compression, sizeof compression, section.header.sh_offset) ? compression.ch_size
                                                                                     : 0;
  }
  std::uint8_t old[12] = {};  // "ZLIB" and a big-endian number
  if (!section.name.starts_with(".zdebug_") || !read_at(file, old, sizeof old, section.header.sh_offset)) {
    return 0;
  }
  std::uint64_t size = 0;
  for (std::size_t i = 4; i < sizeof old; ++i) {
    size = size << 8U | old[i];
  }
  return size;
}

bool spend_on_decompression(int file, const std::vector<ElfSection>& all, std::uint64_t in_file,
                            std::uint64_t& left) {
  std::uint64_t left_of_file = in_file * most_decompressed_per_byte;
  std::uint64_t total = 0;
  for (const ElfSection& section : all) {
    const std::uint64_t size = decompressed_size(file, section, left_of_file);
    if (!spend(left_of_file, size)) {
      return false;
    }
    total += size;
  }
  return spend(left, total);
}

bool is_debug_or_compressed(const ElfSection& section) {
  return is_unneeded(section) || is_read(section.name) || is_compressed(section) ||
         section.name.starts_with(".zdebug_") || section.name == ".gnu_debugdata";
}

// A copy of the file with its symbols, and without what may be compressed. -1 if that is too large as well.
int copy_of_symbols(int file, std::vector<ElfSection> all, std::uint64_t size, std::uint64_t& left) {
  const std::vector<Range> needed = needed_ranges(all, size, is_debug_or_compressed);
  if (!spend(left, size_of(needed))) {
    return -1;
  }
  const int copy = ::memfd_create("arpent-symbols", MFD_CLOEXEC);
  bool is_whole = copy >= 0 && copy_ranges(file, needed, size, copy);
  for (ElfSection& section : all) {
    if (is_whole && is_debug_or_compressed(section)) {
      section.header.sh_type = SHT_NOBITS;
      section.header.sh_flags &= ~std::uint64_t{SHF_COMPRESSED};
      is_whole = write_at(copy, &section.header, sizeof section.header, section.header_offset);
    }
  }
  if (!is_whole && copy >= 0) {
    ::close(copy);
  }
  return is_whole ? copy : -1;
}

// Holes are none of it.
std::uint64_t size_on_disk(const struct stat& status) {
  return std::min(static_cast<std::uint64_t>(status.st_size),
                  static_cast<std::uint64_t>(status.st_blocks) * bytes_per_block);
}

bool is_elf64(int file) {
  unsigned char identity[EI_NIDENT] = {};
  return read_at(file, identity, sizeof identity, 0) && std::memcmp(identity, ELFMAG, SELFMAG) == 0 &&
         identity[EI_CLASS] == ELFCLASS64 && identity[EI_DATA] == ELFDATA2LSB;
}

}  // namespace

PlainDebugFile plain_debug_file(int file, std::uint64_t& bytes_left) {
  PlainDebugFile found;
  struct stat status{};
  if (::fstat(file, &status) != 0 || !is_elf64(file)) {
    found.is_refused = true;
    return found;
  }
  auto size = static_cast<std::uint64_t>(status.st_size);
  const std::vector<ElfSection> all = read_elf_sections(file);
  found.build_id = read_build_id(file, all);
  std::vector<Section> sections = debug_sections(file, all);
  bool needs_copy = false;
  for (const Section& section : sections) {
    found.has_functions =
        found.has_functions || section.of.name == ".debug_info" || section.of.name == ".zdebug_info";
    const std::uint32_t way = section.compression.ch_type;
    needs_copy = needs_copy || is_zstd(section);
    if (is_compressed(section.of) && way != ELFCOMPRESS_ZLIB && way != compressed_by_zstd) {
      found.problem = fmt::format("section {} is compressed in an unknown way, number {}",
                                  printable(section.of.name), way);
    }
  }
  if (!spend_on_decompression(file, all, size_on_disk(status), bytes_left)) {
    found.is_too_large = true;
    found.problem = too_large_to_decompress;
    found.copy = copy_of_symbols(file, all, size, bytes_left);
    found.is_refused = found.copy < 0;
    return found;
  }
  if (!needs_copy || !found.problem.empty()) {
    return found;
  }
  const std::vector<Range> needed = needed_ranges(all, size, is_unneeded);
  if (!spend(bytes_left, size_of(needed))) {
    found.problem = too_large_to_decompress;
    found.is_refused = true;
    return found;
  }
  const int copy = ::memfd_create("arpent-debug", MFD_CLOEXEC);
  if (copy < 0 || !copy_ranges(file, needed, size, copy)) {
    found.problem = "there is no memory to decompress it";
  }
  for (Section& section : sections) {
    if (found.problem.empty() && is_zstd(section)) {
      found.problem = replace(file, section, copy, size);
    }
  }
  if (found.problem.empty()) {
    found.copy = copy;
  } else if (copy >= 0) {
    ::close(copy);
  }
  return found;
}

const char* problem_for_elfutils(int file, std::uint64_t& bytes_left) {
  struct stat status{};
  if (::fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
    return nullptr;
  }
  if (!S_ISREG(status.st_mode) || !is_elf64(file)) {
    return "what it names as its debug information is no ELF file";
  }
  // Of what .gnu_debuglink names, elfutils computes a checksum, holes included.
  constexpr off_t largest = off_t{16} << 30U;
  return status.st_size <= largest &&
                 spend_on_decompression(file, read_elf_sections(file), size_on_disk(status), bytes_left)
             ? nullptr
             : too_large_to_decompress;
}

}  // namespace ar::profile
