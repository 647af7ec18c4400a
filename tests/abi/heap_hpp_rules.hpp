// What <arpent/heap.hpp> promises in every configuration. Included by a tracked and by an untracked test.
#pragma once

#include <gtest/gtest.h>
#include <arpent/heap.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/null_when_too_large.hpp"

namespace heap_hpp_rules {

struct Point {
  int x;
  int y;
};

struct alignas(256) Wide {
  unsigned char bytes[256];
};

// Counts its living objects, so that a destructor that does not run is seen.
struct Agent {
  Agent(int given_number, std::string given_name) : number(given_number), name(std::move(given_name)) {
    ++living;
  }
  ~Agent() { --living; }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  int number;
  std::string name;
  static inline int living = 0;
};

struct Refuses {
  explicit Refuses(bool really) {
    if (really) {
      throw std::runtime_error("refused");
    }
  }
};

struct First {
  virtual ~First() = default;
  int first = 1;
};
struct Second {
  virtual ~Second() = default;
  int second = 2;
};
struct Both : First, Second {
  Agent agent{1, "inside"};
};

inline bool is_aligned(const void* pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

template <class T>
bool all_zero(const T* items, std::size_t count) {
  const auto bytes = std::as_bytes(std::span{items, count});
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// Not known to the compiler, which would warn of sizes that are too large.
inline std::size_t largest_size() {
  volatile std::size_t size = std::numeric_limits<std::size_t>::max();
  return size;
}

TEST(Create, ConstructsFromTheArguments) {
  Agent* const agent = ar::create<Agent>("agent", 7, "explorer");
  ASSERT_NE(agent, nullptr);
  EXPECT_EQ(agent->number, 7);
  EXPECT_EQ(agent->name, "explorer");
  EXPECT_EQ(Agent::living, 1);
  ar::destroy(agent);
  EXPECT_EQ(Agent::living, 0);
}

TEST(Create, InitialisesAggregatesAndScalars) {
  Point* const point = ar::create<Point>("point", 3, 4);
  ASSERT_NE(point, nullptr);
  EXPECT_EQ(point->x, 3);
  EXPECT_EQ(point->y, 4);
  ar::destroy(point);

  const auto* const zero = ar::create<const long>("zero");
  ASSERT_NE(zero, nullptr);
  EXPECT_EQ(*zero, 0);
  ar::free(zero);
}

TEST(Create, MovesWhatCannotBeCopied) {
  auto owned = std::make_unique<int>(5);
  auto* const holder = ar::create<std::unique_ptr<int>>("holder", std::move(owned));
  ASSERT_NE(holder, nullptr);
  EXPECT_EQ(**holder, 5);
  ar::destroy(holder);
}

TEST(Create, AlignsOverAlignedTypes) {
  Wide* const wide = ar::create<Wide>("wide");
  ASSERT_NE(wide, nullptr);
  EXPECT_TRUE(is_aligned(wide, alignof(Wide)));
  ar::destroy(wide);
}

TEST(Create, PassesOnWhatTheConstructorThrows) {
  EXPECT_THROW((void)ar::create<Refuses>("refuses", true), std::runtime_error);
  Refuses* const agrees = ar::create<Refuses>("agrees", false);
  EXPECT_NE(agrees, nullptr);
  ar::destroy(agrees);
}

TEST(Create, IsNoexceptWhenTheConstructorIs) {
  static_assert(noexcept(ar::create<Point>("point", 1, 2)));
  static_assert(!noexcept(ar::create<Refuses>("refuses", true)));
}

TEST(Destroy, FindsTheObjectFromAnyVirtualBase) {
  Second* const second = ar::create<Both>("both");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->second, 2);
  EXPECT_EQ(Agent::living, 1);
  ar::destroy(second);
  EXPECT_EQ(Agent::living, 0);
}

TEST(Destroy, IgnoresNull) {
  ar::destroy(nullptr);
  ar::destroy(static_cast<Agent*>(nullptr));
}

TEST(Alloc, GivesZeroedItems) {
  double* const items = ar::alloc<double>(1000, "items");
  ASSERT_NE(items, nullptr);
  EXPECT_TRUE(all_zero(items, 1000));
  ar::free(items);

  Wide* const wide = ar::alloc<Wide>(3, "wide");
  ASSERT_NE(wide, nullptr);
  EXPECT_TRUE(is_aligned(wide, alignof(Wide)));
  EXPECT_TRUE(all_zero(wide, 3));
  ar::free(wide);
}

TEST(Alloc, OfNothingIsABlock) {
  int* const none = ar::alloc<int>(0, "none");
  EXPECT_NE(none, nullptr);
  ar::free(none);
}

TEST(Alloc, IsNullWhenTheSizeOverflows) {
  const std::size_t too_many = largest_size() / sizeof(double) + 2;  // its size would wrap to a small one
  errno = 0;
  EXPECT_EQ(ar::alloc<double>(too_many, "too many"), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  errno = 0;
  EXPECT_EQ(ar::alloc<Wide>(largest_size() / sizeof(Wide) + 2, "too many, aligned"), nullptr);
  EXPECT_EQ(errno, ENOMEM);
}

TEST(Realloc, KeepsTheContent) {
  int* items = ar::realloc<int>(nullptr, 2, "items");
  ASSERT_NE(items, nullptr);
  items[0] = 10;
  items[1] = 20;
  items = ar::realloc(items, 100000, "more items");
  ASSERT_NE(items, nullptr);
  EXPECT_EQ(items[0], 10);
  EXPECT_EQ(items[1], 20);
  items = ar::realloc(items, 1, "one item");
  ASSERT_NE(items, nullptr);
  EXPECT_EQ(items[0], 10);
  EXPECT_EQ(ar::realloc(items, 0, "no item"), nullptr);
}

TEST(Realloc, KeepsTheAlignment) {
  Wide* items = ar::realloc<Wide>(nullptr, 1, "wide");
  ASSERT_NE(items, nullptr);
  items[0].bytes[255] = 9;
  for (const std::size_t count : {2U, 50U, 3U}) {
    items = ar::realloc(items, count, "wide, resized");
    ASSERT_NE(items, nullptr);
    EXPECT_TRUE(is_aligned(items, alignof(Wide)));
    EXPECT_EQ(items[0].bytes[255], 9);
  }
  EXPECT_EQ(ar::realloc(items, 0, "none"), nullptr);
}

TEST(Realloc, LeavesTheBlockWhenItFails) {
  int* const items = ar::alloc<int>(1, "items");
  ASSERT_NE(items, nullptr);
  items[0] = 11;
  errno = 0;
  EXPECT_EQ(ar::realloc(items, largest_size() / sizeof(int) + 2, "too many"), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(ar::realloc(items, largest_size() / sizeof(int) - 1, "more than there is"), nullptr);
  EXPECT_EQ(items[0], 11);
  ar::free(items);
}

template <class String>
std::optional<std::string> duped(const String& string) {
  char* const copy = ar::dupe(string, "copy");
  if (copy == nullptr) {
    return std::nullopt;
  }
  const std::string text = copy;
  ar::free(copy);
  return text;
}

struct WithText {
  [[nodiscard]] static const char* c_str() { return "from a string class"; }
};

TEST(Dupe, CopiesEveryTypeOfString) {
  const char* const pointer = "a pointer";
  char array[16] = "an array";
  char writable[] = "writable";
  char* const writable_pointer = writable;
  EXPECT_EQ(duped("a literal"), "a literal");
  EXPECT_EQ(duped(pointer), "a pointer");
  EXPECT_EQ(duped(writable_pointer), "writable");
  EXPECT_EQ(duped(array), "an array");
  EXPECT_EQ(duped(std::string_view{"a view of more"}.substr(0, 6)), "a view");
  EXPECT_EQ(duped(std::string(1000, 'x')), std::string(1000, 'x'));
  EXPECT_EQ(duped(std::filesystem::path{"/a/path"}), "/a/path");
  EXPECT_EQ(duped(WithText{}), "from a string class");
  EXPECT_EQ(duped(std::optional<std::string>{"perhaps"}), "perhaps");
  EXPECT_EQ(duped(std::optional<const char*>{pointer}), "a pointer");
  EXPECT_EQ(duped(""), "");
  EXPECT_EQ(duped(std::string_view{}), "");
}

TEST(Dupe, EndsAnArrayWithoutNul) {
  const char full[4] = {'f', 'u', 'l', 'l'};
  EXPECT_EQ(duped(full), "full");
}

TEST(Dupe, KeepsNulsInside) {
  using namespace std::string_literals;
  char* const copy = ar::dupe("a\0b"s, "with a NUL");
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(std::string_view(copy, 4), "a\0b\0"s);
  ar::free(copy);
}

TEST(Dupe, OfNullIsNull) {
  EXPECT_EQ(duped(nullptr), std::nullopt);
  EXPECT_EQ(duped(static_cast<const char*>(nullptr)), std::nullopt);
  EXPECT_EQ(duped(std::optional<std::string_view>{}), std::nullopt);
  EXPECT_EQ(duped(std::optional<const char*>{nullptr}), std::nullopt);
}

TEST(Free, TakesEveryPointer) {
  const int* const to_const = ar::alloc<int>(1, "to const");
  ar::free(to_const);
  volatile int* const to_volatile = ar::alloc<int>(1, "to volatile");
  ar::free(to_volatile);
  const void* const untyped = ar::alloc<int>(1, "untyped");
  ar::free(untyped);
  std::optional<char*> optional{ar::alloc<char>(1, "optional")};
  ar::free(optional);
  ar::free(std::optional<const int*>{});
  ar::free(nullptr);
  ar::free(static_cast<int*>(nullptr));
}

TEST(Description, IsMadeFromAnyString) {
  const std::string built = std::string("built ") + "at run time";
  ar::free(ar::alloc<int>(1, built));
  ar::free(ar::alloc<int>(1, std::string("a temporary")));
  ar::free(ar::alloc<int>(1, nullptr));
}

}  // namespace heap_hpp_rules
