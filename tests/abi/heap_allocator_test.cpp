// Tests include/arpent/heap_allocator.hpp
// ar::heap_allocator: the promises of every allocator, and that the tracked heap is told place and
// description.
#include <arpent/heap_allocator.hpp>
#include <arpent/named_allocator.hpp>
#include <arpent/std_allocator.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "support/allocator_conformance.hpp"

namespace ar::test {
namespace {

struct Heap {
  static ar::Allocator allocator() { return ar::heap_allocator; }
};
INSTANTIATE_TEST_SUITE_P(Heap, AllocatorConformance, ::testing::Values(subject<Heap>("Heap", Threads::many)),
                         name_of);

// The leak report as of now.
std::string report() {
  ar_heap__memory_report();
  std::ifstream file{"heap_memory_report.log"};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(HeapAllocator, TellsPlaceAndDescription) {
  const auto scores = ar::heap_allocator.alloc<int>(123, "scores of the test").value();
  const std::string place = "heap_allocator_test.cpp:" + std::to_string(__LINE__ - 1);
  const auto wide =
      ar::heap_allocator.aligned_alloc<char>(ar::Alignment{256}, 77, "aligned of the test").value();
  ar::NamedAllocator named{ar::heap_allocator, "vector of the test"};
  std::vector<char, ar::StdAllocator<char>> vector(321, 'x', named.allocator());
  const std::string text = report();
  for (const std::string& part :
       {std::string("scores of the test"), place, std::string("aligned of the test"),
        std::string("vector of the test"), std::string("492 bytes")}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
  ar::heap_allocator.free(scores);
  ar::heap_allocator.free(wide, ar::Alignment{256});
  EXPECT_EQ(report().find("scores of the test"), std::string::npos);
}

}  // namespace
}  // namespace ar::test
