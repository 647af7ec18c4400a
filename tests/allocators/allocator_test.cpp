// Tests include/arpent/allocator.hpp
// The typed methods of ar::Allocator: what each of them asks of the functions behind it, and returns.
#include <gtest/gtest.h>

#include <arpent/allocator.hpp>
#include <arpent/testing.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/checked_ledger.hpp"
#include "support/null_when_too_large.hpp"

namespace ar::test {
namespace {

static_assert(sizeof(ar::Allocator) == 2 * sizeof(void*));
static_assert(std::is_trivially_copyable_v<ar::Allocator>);
static_assert(std::is_trivially_copyable_v<ar::Description> && sizeof(ar::Description) == 2 * sizeof(void*),
              "a description travels in two registers");

// Notes down what it is asked for, and does it.
class Recorder {
 public:
  struct Call {
    std::string function;
    std::size_t size = 0;
    std::size_t alignment = 0;
    std::string description;
    std::string file;
    int line = 0;
  };
  ar::Allocator allocator() { return ar::Allocator::of(*this); }

  void* raw_alloc(std::size_t size, std::size_t alignment, const ar::Description& description) noexcept {
    note("alloc", size, alignment, description);
    return ledger.raw_alloc(size, alignment, description);
  }
  bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                  const ar::Description& description) noexcept {
    note("resize", new_size, alignment, description);
    return ledger.raw_resize(block, size, alignment, new_size, description);
  }
  void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                  const ar::Description& description) noexcept {
    note("remap", new_size, alignment, description);
    return ledger.raw_remap(block, size, alignment, new_size, description);
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const ar::Description& description) noexcept {
    note("free", size, alignment, description);
    ledger.raw_free(block, size, alignment, description);
  }

  CheckedLedger ledger;
  std::vector<Call> calls;

 private:
  void note(const char* function, std::size_t size, std::size_t alignment,
            const ar::Description& description) {
    calls.push_back({function, size, alignment, description.text() == nullptr ? "" : description.text(),
                     description.place().file_name(), description.line()});
  }
};

class AllocatorMethods : public ::testing::Test {
 protected:
  const Recorder::Call& last() { return recorder_.calls.at(recorder_.calls.size() - 1); }
  void expect_last(const std::string& function, std::size_t size, std::size_t alignment) {
    EXPECT_EQ(last().function, function);
    EXPECT_EQ(last().size, size);
    EXPECT_EQ(last().alignment, alignment);
  }

  Recorder recorder_;
  ar::Allocator allocator_ = recorder_.allocator();
};

// Counts its living objects; the one numbered `refused` cannot be made.
struct Counted {
  Counted() : Counted(0) {}
  explicit Counted(int given_number) : number(given_number) {
    if (living == refused) {
      throw std::runtime_error("refused");
    }
    ++living;
  }
  Counted(const Counted& other) : Counted(other.number) {}
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --living; }
  int number;
  static inline int living = 0;
  static inline int refused = -1;
};

struct Refusing {
  explicit Refusing(int at) { Counted::refused = at; }
  ~Refusing() { Counted::refused = -1; }
  Refusing(const Refusing&) = delete;
  Refusing& operator=(const Refusing&) = delete;
};

struct alignas(256) Wide {
  std::array<std::byte, 512> bytes;
};

struct Point {
  int x;
  int y;
};

struct NoDefault {
  explicit NoDefault(int given) : value(given) {}
  int value;
};

struct Base {
  virtual ~Base() = default;
  int base = 1;
};
struct Derived : Base {
  std::string text = "long enough to be allocated by itself";
};

std::size_t unknown(std::size_t size) {  // to the compiler, which warns of sizes that are too large
  volatile std::size_t copy = size;
  return copy;
}
constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();

TEST_F(AllocatorMethods, CreateConstructsAndDestroyEnds) {
  const auto made = allocator_.create<Counted>("counted", 7);
  ASSERT_TRUE(made);
  expect_last("alloc", sizeof(Counted), alignof(Counted));
  EXPECT_EQ((*made)->number, 7);
  EXPECT_EQ(Counted::living, 1);
  allocator_.destroy(*made);
  expect_last("free", sizeof(Counted), alignof(Counted));
  EXPECT_EQ(Counted::living, 0);
}

TEST_F(AllocatorMethods, CreateTakesAggregatesConstAndWhatMoves) {
  const auto point = allocator_.create<Point>("point", 3, 4);
  EXPECT_EQ((*point)->y, 4);
  const auto zero = allocator_.create<const long>();
  EXPECT_EQ(**zero, 0);
  const auto holder = allocator_.create<std::unique_ptr<int>>("holder", std::make_unique<int>(5));
  EXPECT_EQ(***holder, 5);
  const auto only = allocator_.create<NoDefault>("without default constructor", 6);
  EXPECT_EQ((*only)->value, 6);
  allocator_.destroy(*point);
  allocator_.destroy(*zero);
  allocator_.destroy(*holder);
  allocator_.destroy(*only);
}

TEST_F(AllocatorMethods, CreateGivesTheBlockBackWhenTheConstructorThrows) {
  const Refusing refusing{0};
  EXPECT_THROW((void)allocator_.create<Counted>("counted", 1), std::runtime_error);
  expect_last("free", sizeof(Counted), alignof(Counted));
}

TEST_F(AllocatorMethods, AreNoexceptWhereTypesAre) {
  static_assert(noexcept(allocator_.create<Point>("point", 1, 2)));
  static_assert(!noexcept(allocator_.create<Counted>("counted", 1)));
  static_assert(noexcept(allocator_.alloc<int>(1)) && !noexcept(allocator_.alloc<Counted>(1)));
}

TEST_F(AllocatorMethods, DestroyIgnoresNull) {
  allocator_.destroy(nullptr);
  allocator_.destroy(static_cast<Counted*>(nullptr));
  EXPECT_TRUE(recorder_.calls.empty());
}

TEST_F(AllocatorMethods, DestroyOfABaseClassIsRefused) {
  const auto derived = allocator_.create<Derived>();
  Base* const base = *derived;
  EXPECT_DEATH(allocator_.destroy(base),
               "a pointer to a base class; it must be of the type that was created");
  allocator_.destroy(*derived);
}

TEST_F(AllocatorMethods, AllocConstructsEachItemAndFreeDestroysIt) {
  const auto items = allocator_.alloc<Counted>(10);
  ASSERT_TRUE(items);
  EXPECT_EQ(items->size(), 10U);
  EXPECT_EQ(Counted::living, 10);
  allocator_.free(*items);
  EXPECT_EQ(Counted::living, 0);
  expect_last("free", 10 * sizeof(Counted), alignof(Counted));
}

TEST_F(AllocatorMethods, AllocEndsTheItemsBeforeTheOneThatThrows) {
  const Refusing refusing{5};
  EXPECT_THROW((void)allocator_.alloc<Counted>(10), std::runtime_error);
  EXPECT_EQ(Counted::living, 0);
  expect_last("free", 10 * sizeof(Counted), alignof(Counted));
}

TEST_F(AllocatorMethods, AllocLeavesTrivialItemsAsTheyAre) {
  const auto bytes = allocator_.alloc<unsigned char>(4);
  EXPECT_EQ((*bytes)[3], 0xaa);  // which the ledger has written
  allocator_.free(*bytes);
}

TEST_F(AllocatorMethods, AllocKeepsTheTypesAlignment) {
  const auto wide = allocator_.alloc<Wide>(3);
  expect_last("alloc", 3 * sizeof(Wide), 256);
  allocator_.free(*wide);
  const auto one = allocator_.create<Wide>();
  expect_last("alloc", sizeof(Wide), 256);
  allocator_.destroy(*one);
}

TEST_F(AllocatorMethods, AllocZeroedIsZero) {
  const auto items = allocator_.alloc_zeroed<Wide>(3);
  ASSERT_TRUE(items);
  for (const Wide& item : *items) {
    for (const std::byte byte : item.bytes) {
      ASSERT_EQ(byte, std::byte{0});
    }
  }
  allocator_.free(*items);
}

TEST_F(AllocatorMethods, AlignedAllocTakesPowersOfTwo) {
  const auto items = allocator_.aligned_alloc<float>(ar::Alignment{64}, 5);
  expect_last("alloc", 20, 64);
  allocator_.free(*items, ar::Alignment{64});
  expect_last("free", 20, 64);

  const auto own = allocator_.aligned_alloc<double>(ar::Alignment{1}, 5);  // never less than the type's own
  expect_last("alloc", 40, alignof(double));
  allocator_.free(*own, ar::Alignment{1});

  const std::size_t calls = recorder_.calls.size();
  for (const std::size_t alignment : {0U, 3U, 48U}) {
    EXPECT_EQ(allocator_.aligned_alloc<float>(ar::Alignment{alignment}, 1).error(), ar::Error::bad_alignment);
  }
  EXPECT_EQ(allocator_.aligned_alloc<float>(ar::Alignment{largest / 2 + 1}, 1).error(),
            ar::Error::out_of_memory);
  EXPECT_EQ(recorder_.calls.size(), calls);
}

TEST_F(AllocatorMethods, OfNothingAskNobody) {
  const auto none = allocator_.alloc<Wide>(0);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->data(), nullptr);
  EXPECT_TRUE(none->empty());
  EXPECT_TRUE(ar::null_allocator.alloc<int>(0));
  EXPECT_TRUE(allocator_.alloc_zeroed<int>(0));
  EXPECT_TRUE(allocator_.dupe(std::span<const int>{}));
  EXPECT_TRUE(allocator_.realloc(*none, 0));
  EXPECT_EQ(allocator_.resize(std::span<int>{}, 3).error(), ar::Error::not_in_place);
  EXPECT_EQ(allocator_.remap(std::span<int>{}, 3).error(), ar::Error::not_in_place);
  allocator_.free(*none);
  allocator_.free(ar::SentinelSpan<char>{});
  EXPECT_TRUE(recorder_.calls.empty());
}

TEST_F(AllocatorMethods, OverflowAsksNobody) {
  for (const std::size_t count : {largest, largest / 4 + 2, largest / 8 + 1}) {
    const std::size_t many = unknown(count);
    EXPECT_EQ(allocator_.alloc<std::uint64_t>(many).error(), ar::Error::out_of_memory);
    EXPECT_EQ(allocator_.alloc_zeroed<std::uint64_t>(many).error(), ar::Error::out_of_memory);
    EXPECT_EQ(allocator_.alloc_sentinel<std::uint64_t>(many, 0).error(), ar::Error::out_of_memory);
    EXPECT_EQ(allocator_.realloc(std::span<std::uint64_t>{}, many).error(), ar::Error::out_of_memory);
  }
  EXPECT_EQ(allocator_.alloc_sentinel<char>(unknown(largest), 'x').error(), ar::Error::out_of_memory);
  EXPECT_TRUE(recorder_.calls.empty());
}

TEST_F(AllocatorMethods, AllocSentinelEndsWithIt) {
  const auto items = allocator_.alloc_sentinel<int>(3, -1);
  ASSERT_TRUE(items);
  expect_last("alloc", 4 * sizeof(int), alignof(int));
  EXPECT_EQ(items->size(), 3U);
  EXPECT_EQ((*items)[3], -1);
  allocator_.free(*items);
  expect_last("free", 4 * sizeof(int), alignof(int));

  const auto none = allocator_.alloc_sentinel<int>(0, -1);
  EXPECT_TRUE(none->empty());
  EXPECT_EQ((*none)[0], -1);
  allocator_.free(*none);
}

TEST_F(AllocatorMethods, ReallocTriesToRemapAndThenCopies) {
  const auto first = allocator_.alloc<int>(4);
  (*first)[3] = 33;
  const auto second = allocator_.realloc(*first, 8);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)[3], 33);
  ASSERT_EQ(recorder_.calls.size(), 4U);
  EXPECT_EQ(recorder_.calls[1].function, "remap");
  EXPECT_EQ(recorder_.calls[2].function, "alloc");
  EXPECT_EQ(recorder_.calls[3].function, "free");
  const auto third = allocator_.realloc(*second, 2);  // the ledger shrinks in place
  expect_last("remap", 2 * sizeof(int), alignof(int));
  const auto fourth = allocator_.realloc(*third, 2);
  EXPECT_EQ(recorder_.calls.size(), 5U);
  const auto none = allocator_.realloc(*fourth, 0);
  EXPECT_EQ(none->data(), nullptr);
  expect_last("free", 2 * sizeof(int), alignof(int));
}

TEST_F(AllocatorMethods, FailuresLeaveThingsAsTheyWere) {
  ar::FailingAllocator failing{allocator_, {.fail_index = 1}};
  const auto items = failing.allocator().alloc<int>(2);
  (*items)[1] = 9;
  EXPECT_EQ(failing.allocator().realloc(*items, 100).error(), ar::Error::out_of_memory);
  EXPECT_EQ((*items)[1], 9);
  failing.allocator().free(*items);
  EXPECT_EQ(ar::null_allocator.create<int>().error(), ar::Error::out_of_memory);
  EXPECT_EQ(ar::null_allocator.dupe(std::vector<int>{1}).error(), ar::Error::out_of_memory);
  EXPECT_EQ(ar::null_allocator.dupe_z("text").error(), ar::Error::out_of_memory);
}

TEST_F(AllocatorMethods, DupeCopiesItems) {
  const std::vector<std::string> words{"one", "a word that does not fit into the string itself"};
  const auto copies = allocator_.dupe(words);
  ASSERT_TRUE(copies);
  EXPECT_EQ(std::vector<std::string>(copies->begin(), copies->end()), words);
  allocator_.free(*copies);

  const int numbers[] = {1, 2, 3};
  const auto of_array = allocator_.dupe(numbers);
  EXPECT_EQ((*of_array)[2], 3);
  allocator_.free(*of_array);

  const auto of_view = allocator_.dupe(std::string_view{"view"});
  static_assert(std::is_same_v<decltype(of_view)::value_type, std::span<char>>);
  EXPECT_EQ(of_view->size(), 4U);
  allocator_.free(std::span<const char>{*of_view});  // through a span of const
}

TEST_F(AllocatorMethods, DupeEndsTheCopiesBeforeTheOneThatThrows) {
  const std::vector<Counted> three(3);
  const Refusing refusing{5};
  EXPECT_THROW((void)allocator_.dupe(three), std::runtime_error);
  EXPECT_EQ(Counted::living, 3);
  EXPECT_EQ(last().function, "free");
}

TEST_F(AllocatorMethods, DupeZEndsWithNul) {
  const auto check = [&](const auto& string, std::string_view expected) {
    const auto copy = allocator_.dupe_z(string);
    ASSERT_TRUE(copy);
    EXPECT_EQ(std::string_view(copy->data(), copy->size() + 1), std::string(expected) + '\0');
    allocator_.free(*copy);
    EXPECT_EQ(last().size, expected.size() + 1);
  };
  check("a literal", "a literal");
  check(std::string_view{"a view of more"}.substr(0, 6), "a view");
  check(std::string("with\0NUL", 8), std::string_view("with\0NUL", 8));
  check(std::optional<std::string>{"perhaps"}, "perhaps");
  check("", "");
  EXPECT_EQ(allocator_.dupe_z(nullptr)->data(), nullptr);
  EXPECT_EQ(allocator_.dupe_z(std::optional<std::string>{})->data(), nullptr);
}

TEST_F(AllocatorMethods, PassOnDescriptionAndPlace) {
  const auto expect_place = [&](int line, const std::string& description) {
    EXPECT_EQ(last().line, line) << last().function;
    EXPECT_EQ(last().description, description);
    EXPECT_TRUE(last().file.ends_with("allocator_test.cpp")) << last().file;
  };
  auto items = allocator_.alloc<int>(1).value();
  expect_place(__LINE__ - 1, "");
  items = allocator_.realloc(items, 50, std::string("longer")).value();
  EXPECT_EQ(recorder_.calls[recorder_.calls.size() - 2].description, "longer");
  expect_place(__LINE__ - 2, "longer");
  allocator_.free(items, "done");
  expect_place(__LINE__ - 1, "done");
  Point* const point = allocator_.create<Point>().value();
  expect_place(__LINE__ - 1, "");
  allocator_.destroy(point);
  expect_place(__LINE__ - 1, "");
  Point* const second = allocator_.create<Point>("second", 1, 2).value();
  expect_place(__LINE__ - 1, "second");
  allocator_.destroy(second, "second");
  const auto text = allocator_.dupe_z("text", "a text").value();
  expect_place(__LINE__ - 1, "a text");
  allocator_.free(text);
  expect_place(__LINE__ - 1, "");
}

TEST_F(AllocatorMethods, AllocatorsOfTheSameObjectAreEqual) {
  Recorder other;
  EXPECT_EQ(allocator_, recorder_.allocator());
  EXPECT_NE(allocator_, other.allocator());
  EXPECT_NE(allocator_, ar::null_allocator);
}

TEST(Error, HasWords) {
  EXPECT_STREQ(ar::message(ar::Error::out_of_memory), "out of memory");
  EXPECT_STREQ(ar::message(ar::Error::bad_alignment), "the alignment is no power of two");
  EXPECT_NE(std::string_view(ar::message(ar::Error::not_in_place)), "unknown error");
}

}  // namespace
}  // namespace ar::test
