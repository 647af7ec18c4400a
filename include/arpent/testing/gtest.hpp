// GoogleTest: once this header is included somewhere in a test program, every test that leaves a block of
// ar::testing::allocator() behind fails, at the place where the block was allocated; so does one that frees
// wrongly. Blocks that a test suite allocates in SetUpTestSuite have to be gone after its TearDownTestSuite.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "../testing.hpp"

namespace ar::testing {

// Fails tests that leak. Including this header installs one.
class FailLeakingTests : public ::testing::EmptyTestEventListener {
 public:
  void OnTestSuiteStart(const ::testing::TestSuite&) override { suite_start_ = ledger().now(); }
  void OnTestStart(const ::testing::TestInfo&) override { test_start_ = ledger().now(); }
  void OnTestEnd(const ::testing::TestInfo&) override { fail_for(ledger().take_findings(test_start_)); }
  void OnTestSuiteEnd(const ::testing::TestSuite&) override {
    fail_for(ledger().take_findings(suite_start_));
  }

 private:
  static void fail_for(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      ADD_FAILURE_AT(finding.file.c_str(), finding.line) << finding.text;
    }
  }

  std::uint64_t suite_start_ = 0;
  std::uint64_t test_start_ = 0;
};

namespace detail {

// GoogleTest owns it.
inline const bool gtest_listener_is_installed = [] {
  ::testing::UnitTest::GetInstance()->listeners().Append(new FailLeakingTests);
  return true;
}();

}  // namespace detail

}  // namespace ar::testing
