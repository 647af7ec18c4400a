// Tests src/platform/mappings.hpp src/platform/mappings.cpp
#include "platform/mappings.hpp"

#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "platform/pages.hpp"

namespace ar::platform {
namespace {

std::uintptr_t address_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

// The mappings that lie in a part of memory.
std::vector<Mapping> mappings_in(const void* start, std::size_t size) {
  struct Search {
    std::uintptr_t start, end;
    std::vector<Mapping> found;
  } search{address_of(start), address_of(start) + size, {}};
  search.found.reserve(2048);  // nothing is mapped while the list is read
  const auto keep = [](const Mapping& mapping, void* context) {
    auto& in = *static_cast<Search*>(context);
    if (mapping.start >= in.start && mapping.end <= in.end) {
      in.found.push_back(mapping);
    }
    return true;
  };
  EXPECT_TRUE(for_each_mapping(keep, &search));
  return search.found;
}

TEST(Mappings, HaveTheirEndsAndPermissionsHoweverManyThereAre) {
  constexpr std::size_t count = 1500;  // many times what is read at once
  // A page at each end keeps the kernel from joining the first and the last mapping with what lies beside
  // them.
  void* const whole =
      mmap(nullptr, (count + 2) * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(whole, MAP_FAILED);
  char* const memory = static_cast<char*>(whole) + page_size;
  constexpr int protections[] = {PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE};
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(mprotect(memory + i * page_size, page_size, protections[i % 3]), 0);
  }
  const std::vector<Mapping> found = mappings_in(memory, count * page_size);
  ASSERT_EQ(found.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(found[i].start, address_of(memory + i * page_size));
    EXPECT_EQ(found[i].end, address_of(memory + (i + 1) * page_size));
    EXPECT_EQ(found[i].readable, protections[i % 3] != PROT_NONE);
    EXPECT_EQ(found[i].writable, protections[i % 3] == (PROT_READ | PROT_WRITE));
    EXPECT_FALSE(found[i].shared);
    EXPECT_EQ(found[i].kind, MappingKind::anonymous);
  }
  munmap(whole, (count + 2) * page_size);
}

TEST(Mappings, AreOfAFileWhateverItIsCalled) {
  std::string folder = "/tmp/mappings_test_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  for (const std::string& name : {std::string("[stack]"), std::string("a b\nc"), std::string(250, 'n')}) {
    const std::string path = folder + "/" + name;
    std::FILE* const file = std::fopen(path.c_str(), "w+");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(ftruncate(fileno(file), page_size), 0);
    void* const memory = mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    ASSERT_NE(memory, MAP_FAILED);
    const std::vector<Mapping> found = mappings_in(memory, page_size);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(found[0].kind, MappingKind::file) << name;
    EXPECT_TRUE(found[0].readable && found[0].writable && found[0].shared) << name;
    munmap(memory, page_size);
    std::fclose(file);
    unlink(path.c_str());
  }
  rmdir(folder.c_str());
}

TEST(Mappings, TellTheKindsApart) {
  const auto kind_at = [](const void* address) {
    struct Search {
      std::uintptr_t address;
      MappingKind kind;
      bool is_found;
    } search{address_of(address), {}, false};
    const auto look = [](const Mapping& mapping, void* context) {
      auto& in = *static_cast<Search*>(context);
      if (in.address >= mapping.start && in.address < mapping.end) {
        in.kind = mapping.kind;
        in.is_found = true;
      }
      return !in.is_found;
    };
    EXPECT_TRUE(for_each_mapping(look, &search));
    EXPECT_TRUE(search.is_found);
    return search.kind;
  };
  // Not a variable's address: AddressSanitizer may keep it elsewhere.
  EXPECT_EQ(kind_at(__builtin_frame_address(0)), MappingKind::main_stack);
  EXPECT_EQ(kind_at("a text of the program"), MappingKind::file);
  EXPECT_EQ(kind_at(reinterpret_cast<const void*>(getauxval(AT_SYSINFO_EHDR))), MappingKind::kernel);
}

}  // namespace
}  // namespace ar::platform
