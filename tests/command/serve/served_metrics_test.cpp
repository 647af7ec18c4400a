// Tests tools/arpent/serve/served_metrics.cpp
#include "arpent/serve/served_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

namespace ar::command {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ServedMetrics, NoProgramsNameLeavesItsLabel) {
  profile::Profile process;
  process.pid = 7;
  process.program = "/bin/a\x1b\n\"} 1\\\u202e";
  for (const MetricsFormat format : {MetricsFormat::prometheus, MetricsFormat::openmetrics}) {
    const std::string text = metrics_text(std::span{&process, 1}, format);
    EXPECT_THAT(text, HasSubstr(R"({pid="7",program="a\\x1b\\n\"} 1\\\\u202e"} 0)"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\u202e")));
  }
}

}  // namespace
}  // namespace ar::command
