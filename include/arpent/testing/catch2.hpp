// Catch2, version 2 or 3: a fixture whose tests fail when they leave a block of ar::testing::allocator()
// behind, or free wrongly. Catch2's listeners cannot fail a test, a fixture can.
//
//   TEST_CASE_METHOD(ar::testing::NoLeaks, "parser keeps nothing") {
//     parse("1 + 2", ar::testing::allocator());
//   }
//
// Without a fixture, AR_NO_LEAKS(); as the first line of a test or a section does the same for its rest.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <cstdint>

#include "../testing.hpp"

namespace ar::testing {

// Fails the test in which it ends, if that has leaked since it began.
class NoLeaks {
 public:
  NoLeaks() : start_(ledger().now()) {}
  ~NoLeaks() {
    for (const Finding& finding : ledger().take_findings(start_)) {
      FAIL_CHECK(finding.text);
    }
  }
  NoLeaks(const NoLeaks&) = delete;
  NoLeaks& operator=(const NoLeaks&) = delete;

 private:
  std::uint64_t start_;
};

}  // namespace ar::testing

#define AR_NO_LEAKS_JOINED_(name, line) name##line
#define AR_NO_LEAKS_NAME_(name, line) AR_NO_LEAKS_JOINED_(name, line)
#define AR_NO_LEAKS() const ::ar::testing::NoLeaks AR_NO_LEAKS_NAME_(ar_no_leaks_, __LINE__)
