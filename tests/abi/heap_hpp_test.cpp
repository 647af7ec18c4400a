// Tests include/arpent/heap.hpp
// <arpent/heap.hpp> with DEBUG: what it tells the tracked heap, whose functions are played by those below, so
// that it runs under the sanitizers too.
#define AR_HEAP_NO_NOTE
#ifndef DEBUG
#define DEBUG
#endif
#define ar_heap__malloc played_malloc
#define ar_heap__calloc played_calloc
#define ar_heap__realloc played_realloc
#define ar_heap__free played_free
#define ar_heap__aligned_alloc played_aligned_alloc
#include <cstring>

#include "heap_hpp_rules.hpp"

namespace {

struct Call {
  std::string function;
  std::string file;
  int line = 0;
  std::string description;
  std::size_t size = 0;
};
Call last_call;
long live_blocks = 0;

void* noted(void* block, std::size_t size, const char* function, const char* file, int line,
            const char* description) {
  last_call = {function, file, line, description == nullptr ? "(null)" : description, size};
  live_blocks += block == nullptr ? 0 : 1;
  return block;
}

}  // namespace

extern "C" {
void* played_malloc(size_t size, const char* file, int line, const char* desc) noexcept {
  return noted(std::malloc(size), size, "malloc", file, line, desc);
}
void* played_calloc(size_t count, size_t size, const char* file, int line, const char* desc) noexcept {
  return noted(std::calloc(count, size), count * size, "calloc", file, line, desc);
}
void* played_realloc(void* ptr, size_t size, const char* file, int line, const char* desc) noexcept {
  void* const moved = std::realloc(ptr, size);
  live_blocks -= ptr != nullptr && (moved != nullptr || size == 0) ? 1 : 0;
  return noted(moved, size, "realloc", file, line, desc);
}
void played_free(void* ptr) noexcept {
  live_blocks -= ptr == nullptr ? 0 : 1;
  std::free(ptr);
}
void* played_aligned_alloc(size_t alignment, size_t size, const char* file, int line,
                           const char* desc) noexcept {
  void* const block = std::aligned_alloc(alignment, size);
  if (block != nullptr) {
    std::memset(block, 0xaa, size);  // what was there before
  }
  return noted(block, size, "aligned_alloc", file, line, desc);
}
}

namespace heap_hpp_rules {
namespace {

class Tracked : public ::testing::Test {
 protected:
  void SetUp() override { live_before_ = live_blocks; }
  void TearDown() override { EXPECT_EQ(live_blocks, live_before_) << "a block was not given back"; }

  // The last call came from this file and the given line.
  static void expect_call(const std::string& function, unsigned line, const std::string& description) {
    EXPECT_EQ(last_call.function, function);
    EXPECT_TRUE(last_call.file.ends_with("heap_hpp_test.cpp")) << last_call.file;
    EXPECT_EQ(last_call.line, static_cast<int>(line));
    EXPECT_EQ(last_call.description, description);
  }

 private:
  long live_before_ = 0;
};

TEST_F(Tracked, TellsPlaceDescriptionAndType) {
  auto* const point = ar::create<Point>("point", 1, 2);
  expect_call("malloc", __LINE__ - 1, "point [heap_hpp_rules::Point]");
  ar::destroy(point);

  auto* const wide = ar::create<Wide>("wide");
  expect_call("aligned_alloc", __LINE__ - 1, "wide [heap_hpp_rules::Wide]");
  ar::destroy(wide);

  auto* scores = ar::alloc<float>(10, "scores");
  expect_call("calloc", __LINE__ - 1, "scores [float[]]");
  scores = ar::realloc(scores, 20, "more scores");
  expect_call("realloc", __LINE__ - 1, "more scores [float[]]");
  ar::free(scores);

  char* const name = ar::dupe("a name", "name");
  expect_call("malloc", __LINE__ - 1, "name");
  ar::free(name);
}

TEST_F(Tracked, TakesNoMoreThanTheString) {
  const char array[64] = "eight by";
  ar::free(ar::dupe(array, "array"));
  EXPECT_EQ(last_call.size, 9U);
}

TEST_F(Tracked, TellsTheLineOfTheCallNotOfItsParts) {
  auto* const agent = ar::create<Agent>("agent", 7, "explorer");
  // Compilers differ in which line of a call is its own.
  EXPECT_GE(last_call.line, __LINE__ - 5);
  EXPECT_LE(last_call.line, __LINE__ - 3);
  ar::destroy(agent);
}

TEST_F(Tracked, NamesTemplates) {
  auto* const pair = ar::create<std::pair<int, double>>("pair");
  EXPECT_EQ(last_call.description.substr(0, 6), "pair [");
  EXPECT_NE(last_call.description.find("pair<int, double>]"), std::string::npos) << last_call.description;
  ar::destroy(pair);
}

TEST_F(Tracked, SaysUnknownWithoutDescription) {
  ar::destroy(ar::create<int>(nullptr));
  EXPECT_EQ(last_call.description, "Unknown [int]");
  ar::free(ar::dupe("text", nullptr));
  EXPECT_EQ(last_call.description, "(null)");  // which the heap reads as Unknown
}

TEST_F(Tracked, KeepsLongDescriptionsWhole) {
  const std::string fitting(505, 'd');
  ar::destroy(ar::create<int>(fitting));
  EXPECT_EQ(last_call.description, fitting + " [int]");
  const std::string longer(506, 'd');
  ar::destroy(ar::create<int>(longer));
  EXPECT_EQ(last_call.description, longer);
  const std::string much_longer(100000, 'd');
  ar::destroy(ar::create<int>(much_longer));
  EXPECT_EQ(last_call.description, much_longer);
}

TEST_F(Tracked, KeepsTheMarkOfIntentionalLeaks) {
  ar::destroy(ar::create<int>("kept (" AR_HEAP_INTENTIONAL_LEAK ")"));
  EXPECT_EQ(last_call.description, "kept (" AR_HEAP_INTENTIONAL_LEAK ") [int]");
}

TEST_F(Tracked, GivesTheBlockBackWhenTheConstructorThrows) {
  const long before = live_blocks;
  EXPECT_THROW((void)ar::create<Refuses>("refuses", true), std::runtime_error);
  EXPECT_EQ(last_call.function, "malloc");
  EXPECT_EQ(live_blocks, before);
}

TEST_F(Tracked, FailsWithoutAskingWhenTheSizeOverflows) {
  last_call = {};
  EXPECT_EQ(ar::alloc<Wide>(largest_size() / 2, "too many"), nullptr);
  int* const none = nullptr;
  EXPECT_EQ(ar::realloc(none, largest_size() / 2, "too many"), nullptr);
  EXPECT_EQ(last_call.function, "");
}

}  // namespace
}  // namespace heap_hpp_rules
