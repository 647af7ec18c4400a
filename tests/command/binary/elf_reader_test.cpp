// Tests tools/arpent/binary/
// What an ELF file says about itself, and that a damaged one is never read beyond its bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arpent/binary/elf_file.hpp"
#include "arpent/binary/elf_reader.hpp"
#include "arpent/binary/elf_symbols.hpp"

namespace ar::command::binary {
namespace {

std::vector<char> small_program() {
  std::ifstream stream{"/bin/true", std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

// In memory of exactly that size, so that sanitizers and memcheck see a read beyond it.
auto read(std::vector<char> bytes) {
  bytes.shrink_to_fit();
  return read_elf_file({bytes.data(), bytes.size()});
}

TEST(ElfReader, ReadsAProgram) {
  const auto program = read(small_program());
  ASSERT_TRUE(program) << program.error();
  EXPECT_EQ(program->kind, Kind::executable);
  EXPECT_TRUE(program->is_native);
  EXPECT_FALSE(program->interpreter.empty());
  EXPECT_NE(std::ranges::find(program->needed, "libc.so.6"), program->needed.end());
  EXPECT_TRUE(program->has_libc);
  EXPECT_TRUE(program->calls.malloc_family.contains("malloc"));
  EXPECT_FALSE(program->defines_malloc);
  EXPECT_EQ(program->damage, "");
  EXPECT_FALSE(program->is_cut_short);
}

TEST(ElfReader, NoticesEveryCut) {
  const std::vector<char> whole = small_program();
  const std::size_t step = std::max<std::size_t>(whole.size() / 300, 1);
  for (std::size_t size = 0; size < whole.size(); size += step) {
    const auto cut = read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_TRUE(!cut || !cut->damage.empty() || cut->is_cut_short) << size << " of " << whole.size();
  }
}

TEST(ElfReader, SurvivesAnyByte) {
  std::vector<char> bytes = small_program();
  const std::size_t dense = 1024;  // headers and notes
  std::size_t readable = 0;
  for (std::size_t at = 0; at < bytes.size(); at += at < dense ? 1 : 211) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      const char before = std::exchange(bytes[at], value);
      readable += read(bytes).has_value() ? 1 : 0;
      bytes[at] = before;
    }
  }
  EXPECT_GT(readable, dense);  // most bytes are not about the structure
}

TEST(ElfReader, SaysWhatIsNoProgram) {
  EXPECT_EQ(read({}).error(), "is cut off or damaged: 0 bytes are no whole ELF header");
  EXPECT_FALSE(read({'\x7f', 'E', 'L', 'F'}));
}

TEST(ElfSymbols, TellCallsFromDefinitions) {
  ElfFile file;
  record_symbol({.name = "malloc"}, file);
  record_symbol({.name = "__strdup"}, file);
  record_symbol({.name = "_ZnwmSt11align_val_t"}, file);
  record_symbol({.name = "_Znowhere"}, file);
  record_symbol({.name = "ar_heap__free"}, file);
  EXPECT_EQ(file.calls.names(), (std::vector<std::string>{"malloc", "strdup", "operator new"}));
  EXPECT_EQ(file.calls.ar_heap, std::set<std::string>{"ar_heap__free"});
  EXPECT_TRUE(file.names_malloc);
  EXPECT_FALSE(file.defines_malloc);
  record_symbol({.name = "malloc", .is_defined = true}, file);  // data of that name
  EXPECT_FALSE(file.defines_malloc);
  record_symbol({.name = "malloc", .is_defined = true, .may_be_code = true}, file);
  EXPECT_TRUE(file.defines_malloc);
  EXPECT_FALSE(file.exports_malloc);
  record_symbol({.name = "malloc", .is_defined = true, .is_dynamic = true, .may_be_code = true}, file);
  EXPECT_TRUE(file.exports_malloc);
}

TEST(ElfSymbols, KnowSanitizers) {
  ElfFile file;
  record_symbol({.name = "__asan_init", .is_weak = true}, file);
  EXPECT_EQ(file.sanitizer, "");
  record_symbol({.name = "__tsan_init"}, file);
  EXPECT_EQ(file.sanitizer, "ThreadSanitizer");
  ElfFile other;
  other.needed = {"libasan.so.8"};
  recognize_libraries(other);
  EXPECT_EQ(other.sanitizer, "AddressSanitizer");
}

}  // namespace
}  // namespace ar::command::binary
