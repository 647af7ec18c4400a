// A ledger that fails the test in which it ends, when something was leaked or freed wrongly.
#pragma once

#include <gtest/gtest.h>

#include <arpent/testing.hpp>

namespace ar::test {

class CheckedLedger : public ar::testing::Ledger {
 public:
  CheckedLedger() = default;
  CheckedLedger(const CheckedLedger&) = delete;
  CheckedLedger& operator=(const CheckedLedger&) = delete;
  ~CheckedLedger() {
    for (const ar::testing::Finding& finding : take_findings()) {
      ADD_FAILURE() << finding.text;
    }
  }
};

}  // namespace ar::test
