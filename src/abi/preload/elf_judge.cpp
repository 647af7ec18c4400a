#include "abi/preload/elf_judge.hpp"

#include <elf.h>
#include <sys/syscall.h>

#include <cstring>

#include "platform/sanitizer_marks.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

using track::Untracked;

#if defined(__x86_64__)
constexpr Elf64_Half native_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half native_machine = EM_AARCH64;
#endif

constexpr std::uint64_t no_offset = ~std::uint64_t{0};
constexpr std::size_t most_segments = 1024;  // the kernel's own limit is a page and more of them
constexpr std::size_t most_dynamic_entries = 4096;
constexpr std::size_t longest_chain = 65536;  // of symbols with the same hash
constexpr std::size_t most_references = 65536;
constexpr std::size_t most_note_bytes = 65536;

constexpr char loader_names[][9] = {"ld-linux", "ld-lsb"};

bool is_name_of_loader(const char* name) noexcept {
  for (const auto& start : loader_names) {
    if (platform::begins_with(name, start)) {
      return true;
    }
  }
  return false;
}

std::uint32_t gnu_hash_of(const char* name) noexcept {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) {
    hash = hash * 33 + static_cast<unsigned char>(*name);
  }
  return hash;
}

std::uint32_t old_hash_of(const char* name) noexcept {
  std::uint32_t hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4U) + static_cast<unsigned char>(*name);
    const std::uint32_t high = hash & 0xf0000000U;
    hash = (hash ^ (high >> 24U)) & ~high;
  }
  return hash;
}

}  // namespace

std::size_t FileWindow::read_some(std::uint64_t offset, void* to, std::size_t size) noexcept {
  if (offset < start_ || size > size_ || offset - start_ > size_ - size) {
    const long got = offset > INT64_MAX - capacity
                         ? -1
                         : platform::system_call(SYS_pread64, descriptor_, reinterpret_cast<long>(bytes_),
                                                 capacity, offset);
    start_ = offset;
    size_ = got < 0 ? 0 : static_cast<std::size_t>(got);
  }
  const std::size_t there = size_ - (offset - start_);
  const std::size_t copied = size < there ? size : there;
  std::memcpy(to, bytes_ + (offset - start_), copied);
  return copied;
}

bool FileWindow::read(std::uint64_t offset, void* to, std::size_t size) noexcept {
  return read_some(offset, to, size) == size;
}

std::uint64_t ElfJudge::offset_of(std::uint64_t address) const noexcept {
  for (std::size_t i = 0; i < loaded_count_; ++i) {
    const Segment& segment = loaded_[i];
    if (address >= segment.address && address - segment.address < segment.size) {
      return segment.offset + (address - segment.address);
    }
  }
  return no_offset;
}

bool ElfJudge::read_name(std::uint64_t string) noexcept {
  const std::uint64_t offset = offset_of(string_table_ + string);
  if (offset == no_offset) {
    return false;
  }
  const std::size_t got = strings_.read_some(offset, name_, sizeof name_);
  return std::memchr(name_, '\0', got) != nullptr;
}

bool ElfJudge::holds_arpent(const Segment& notes) noexcept {
  constexpr Elf64_Word note_type = 0x4152;
  constexpr char owner[] = "Arpent";
  constexpr std::uint32_t is_library = 2;
  const std::uint64_t size = notes.size < most_note_bytes ? notes.size : most_note_bytes;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= size;) {
    Elf64_Nhdr note;
    if (!file_.read(notes.offset + at, &note, sizeof note)) {
      return false;
    }
    struct {
      char owner[8];
      std::uint32_t layout, unused, flags;
    } known;
    if (note.n_type == note_type && note.n_namesz == sizeof owner && note.n_descsz >= 12 &&
        file_.read(notes.offset + at + sizeof note, &known, sizeof known) &&
        std::memcmp(known.owner, owner, sizeof owner) == 0 && (known.flags & is_library) != 0) {
      return true;
    }
    at += sizeof note + ((std::uint64_t{note.n_namesz} + 3) & ~std::uint64_t{3}) +
          ((std::uint64_t{note.n_descsz} + 3) & ~std::uint64_t{3});
  }
  return false;
}

bool ElfJudge::read_segments(std::uint64_t table, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count && i < most_segments; ++i) {
    Elf64_Phdr header;
    if (!file_.read(table + i * sizeof header, &header, sizeof header)) {
      return false;
    }
    const Segment segment{header.p_vaddr, header.p_offset, header.p_filesz};
    switch (header.p_type) {
      case PT_LOAD:
        if (loaded_count_ < most_loaded) {
          loaded_[loaded_count_++] = segment;
        }
        break;
      case PT_INTERP:
        interpreter_ = segment;
        break;
      case PT_DYNAMIC:
        dynamic_ = segment;
        break;
      case PT_NOTE:
        has_arpent_ = has_arpent_ || holds_arpent(segment);
        break;
      default:
        break;
    }
  }
  return true;
}

bool ElfJudge::read_dynamic_section() noexcept {
  for (std::size_t i = 0; i < most_dynamic_entries && (i + 1) * sizeof(Elf64_Dyn) <= dynamic_.size; ++i) {
    Elf64_Dyn entry;
    if (!file_.read(dynamic_.offset + i * sizeof entry, &entry, sizeof entry) || entry.d_tag == DT_NULL) {
      break;
    }
    switch (entry.d_tag) {
      case DT_STRTAB:
        string_table_ = entry.d_un.d_ptr;
        break;
      case DT_SYMTAB:
        symbol_table_ = entry.d_un.d_ptr;
        break;
      case DT_GNU_HASH:
        gnu_hash_ = entry.d_un.d_ptr;
        break;
      case DT_HASH:
        old_hash_ = entry.d_un.d_ptr;
        break;
      case DT_SONAME:
        shared_name_ = entry.d_un.d_val;
        has_shared_name_ = true;
        break;
      default:
        break;
    }
  }
  return string_table_ != 0;
}

bool ElfJudge::is_loader() noexcept {
  return has_shared_name_ && read_name(shared_name_) && is_name_of_loader(name_);
}

bool ElfJudge::has_other_c_library() noexcept {
  const std::size_t size = interpreter_.size < sizeof name_ - 1 ? interpreter_.size : sizeof name_ - 1;
  name_[file_.read_some(interpreter_.offset, name_, size)] = '\0';
  const char* const slash = std::strrchr(name_, '/');
  return !is_name_of_loader(slash == nullptr ? name_ : slash + 1);
}

bool ElfJudge::needs_sanitizer() noexcept {
  for (std::size_t i = 0; i < most_dynamic_entries && (i + 1) * sizeof(Elf64_Dyn) <= dynamic_.size; ++i) {
    Elf64_Dyn entry;
    if (!file_.read(dynamic_.offset + i * sizeof entry, &entry, sizeof entry) || entry.d_tag == DT_NULL) {
      break;
    }
    if (entry.d_tag != DT_NEEDED || !read_name(entry.d_un.d_val)) {
      continue;
    }
    for (const platform::SanitizerMark& mark : platform::sanitizer_marks) {
      for (const auto& library : mark.libraries) {
        if (platform::begins_with(name_, library)) {
          return true;
        }
      }
    }
  }
  return false;
}

bool ElfJudge::is_symbol(std::uint32_t index, const char* name) noexcept {
  const std::uint64_t offset = offset_of(symbol_table_ + std::uint64_t{index} * sizeof(Elf64_Sym));
  Elf64_Sym symbol;
  return offset != no_offset && file_.read(offset, &symbol, sizeof symbol) && symbol.st_shndx != SHN_UNDEF &&
         read_name(symbol.st_name) && std::strcmp(name_, name) == 0;
}

bool ElfJudge::defines_by_gnu_hash(const char* name) noexcept {
  const std::uint64_t start = offset_of(gnu_hash_);
  struct {
    std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  } table;
  if (start == no_offset || !file_.read(start, &table, sizeof table) || table.buckets == 0) {
    return false;
  }
  const std::uint64_t buckets = start + sizeof table + std::uint64_t{table.bloom_words} * sizeof(Elf64_Xword);
  const std::uint64_t chains = buckets + std::uint64_t{table.buckets} * sizeof(std::uint32_t);
  const std::uint32_t wanted = gnu_hash_of(name);
  std::uint32_t index = 0;
  if (!file_.read(buckets + std::uint64_t{wanted % table.buckets} * sizeof index, &index, sizeof index) ||
      index < table.first_symbol) {
    return false;
  }
  for (std::size_t step = 0; step < longest_chain; ++step, ++index) {
    std::uint32_t hash = 0;
    if (!file_.read(chains + std::uint64_t{index - table.first_symbol} * sizeof hash, &hash, sizeof hash)) {
      return false;
    }
    if ((hash | 1U) == (wanted | 1U) && is_symbol(index, name)) {
      return true;
    }
    if ((hash & 1U) != 0) {
      return false;
    }
  }
  return false;
}

bool ElfJudge::defines_by_old_hash(const char* name) noexcept {
  const std::uint64_t start = offset_of(old_hash_);
  std::uint32_t counts[2];  // buckets, chains
  if (start == no_offset || !file_.read(start, counts, sizeof counts) || counts[0] == 0) {
    return false;
  }
  const std::uint64_t buckets = start + sizeof counts;
  const std::uint64_t chains = buckets + std::uint64_t{counts[0]} * sizeof(std::uint32_t);
  std::uint32_t index = 0;
  std::uint64_t next = buckets + std::uint64_t{old_hash_of(name) % counts[0]} * sizeof index;
  for (std::size_t step = 0; step < longest_chain; ++step) {
    if (!file_.read(next, &index, sizeof index) || index == STN_UNDEF || index >= counts[1]) {
      return false;
    }
    if (is_symbol(index, name)) {
      return true;
    }
    next = chains + std::uint64_t{index} * sizeof index;
  }
  return false;
}

bool ElfJudge::defines(const char* name) noexcept {
  return gnu_hash_ != 0 ? defines_by_gnu_hash(name) : old_hash_ != 0 && defines_by_old_hash(name);
}

// What is not defined comes first in the table of symbols, up to `end`.
bool ElfJudge::refers_to_sanitizer(std::uint64_t end) noexcept {
  for (std::uint64_t index = 1; index < end && index < most_references; ++index) {
    const std::uint64_t offset = offset_of(symbol_table_ + index * sizeof(Elf64_Sym));
    Elf64_Sym symbol;
    if (offset == no_offset || !file_.read(offset, &symbol, sizeof symbol)) {
      return false;
    }
    if (read_name(symbol.st_name) && platform::begins_with(name_, platform::static_sanitizer_reference)) {
      return true;
    }
  }
  return false;
}

bool ElfJudge::holds_sanitizer() noexcept {
  if (symbol_table_ == 0 || !defines("malloc")) {
    return false;
  }
  for (const platform::SanitizerMark& mark : platform::sanitizer_marks) {
    if (defines(mark.symbol)) {
      return true;
    }
  }
  std::uint32_t counts[2] = {};
  const std::uint64_t start = offset_of(gnu_hash_ != 0 ? gnu_hash_ : old_hash_);
  return start != no_offset && file_.read(start, counts, sizeof counts) && refers_to_sanitizer(counts[1]);
}

ElfJudge::Verdict ElfJudge::judge(int descriptor) noexcept {
  file_.set(descriptor);
  strings_.set(descriptor);
  loaded_count_ = 0;
  interpreter_ = {};
  dynamic_ = {};
  has_arpent_ = false;
  string_table_ = symbol_table_ = gnu_hash_ = old_hash_ = 0;
  shared_name_ = 0;
  has_shared_name_ = false;

  Elf64_Ehdr header;
  if (!file_.read(0, header.e_ident, sizeof header.e_ident) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return {};
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return {Kind::program, Untracked::other_architecture};
  }
  if (!file_.read(0, &header, sizeof header)) {
    return {};
  }
  if (header.e_machine != native_machine) {
    return {Kind::program, Untracked::other_architecture};
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr) || !read_segments(header.e_phoff, header.e_phnum)) {
    return {};
  }
  const bool is_dynamic = dynamic_.size != 0 && read_dynamic_section();
  if (interpreter_.size == 0) {
    if (is_dynamic && is_loader()) {
      return {Kind::loader, Untracked::not_so};
    }
    return {Kind::program, has_arpent_ ? Untracked::not_so : Untracked::statically_linked};
  }
  if (has_other_c_library()) {
    return {Kind::program, Untracked::other_c_library};
  }
  const bool is_sanitized = is_dynamic && (needs_sanitizer() || holds_sanitizer());
  return {Kind::program, is_sanitized ? Untracked::sanitizer : Untracked::not_so};
}

}  // namespace ar::abi
