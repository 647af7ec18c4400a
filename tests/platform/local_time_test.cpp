// Tests src/platform/local_time.cpp
#include "platform/local_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

using ar::platform::civil_time;
using ar::platform::CivilTime;
using ar::platform::TimeZone;

constexpr std::int64_t hour = 3600;
constexpr std::int64_t of_year_1900 = -2208988800;
constexpr std::int64_t of_year_1971 = 31536000;
constexpr std::int64_t of_year_2200 = 7258118400;

TEST(LocalTime, CivilTimeOfKnownMoments) {
  const struct {
    std::int64_t seconds;
    CivilTime expected;
  } cases[] = {{0, {1970, 1, 1, 0, 0, 0}},
               {-1, {1969, 12, 31, 23, 59, 59}},
               {951782400, {2000, 2, 29, 0, 0, 0}},
               {4107542399, {2100, 2, 28, 23, 59, 59}},
               {4107542400, {2100, 3, 1, 0, 0, 0}},
               {-2203891200, {1900, 3, 1, 0, 0, 0}},
               {253402300799, {9999, 12, 31, 23, 59, 59}}};
  for (const auto& known : cases) {
    const CivilTime time = civil_time(known.seconds);
    EXPECT_EQ(time.year, known.expected.year) << known.seconds;
    EXPECT_EQ(time.month, known.expected.month) << known.seconds;
    EXPECT_EQ(time.day, known.expected.day) << known.seconds;
    EXPECT_EQ(time.hour, known.expected.hour) << known.seconds;
    EXPECT_EQ(time.minute, known.expected.minute) << known.seconds;
    EXPECT_EQ(time.second, known.expected.second) << known.seconds;
  }
}

TEST(LocalTime, CivilTimeAgreesWithTheCLibrary) {
  std::mt19937_64 random{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  std::uniform_int_distribution<std::int64_t> moments{-62135596800, 253402300799};  // years 1 to 9999
  for (int i = 0; i < 100000; ++i) {
    const time_t seconds = moments(random);
    tm expected{};
    gmtime_r(&seconds, &expected);
    const CivilTime time = civil_time(seconds);
    ASSERT_EQ(time.year, expected.tm_year + 1900) << seconds;
    ASSERT_EQ(time.month, static_cast<unsigned>(expected.tm_mon + 1)) << seconds;
    ASSERT_EQ(time.day, static_cast<unsigned>(expected.tm_mday)) << seconds;
    ASSERT_EQ(time.hour * 3600 + time.minute * 60 + time.second,
              static_cast<unsigned>(expected.tm_hour * 3600 + expected.tm_min * 60 + expected.tm_sec))
        << seconds;
  }
}

// The C library's answer, for the same value of TZ.
class LibraryZone {
 public:
  explicit LibraryZone(const char* specification) {
    if (specification == nullptr) {
      unsetenv("TZ");
    } else {
      setenv("TZ", specification, 1);
    }
    tzset();
  }
  ~LibraryZone() {
    unsetenv("TZ");
    tzset();
  }
  LibraryZone(const LibraryZone&) = delete;
  LibraryZone& operator=(const LibraryZone&) = delete;

  [[nodiscard]] static std::int32_t offset_at(std::int64_t seconds) {
    const time_t moment = seconds;
    tm local{};
    localtime_r(&moment, &local);
    return static_cast<std::int32_t>(local.tm_gmtoff);
  }
};

void expect_agreement(const char* specification, std::int64_t since = of_year_1900) {
  const LibraryZone library{specification};
  TimeZone zone;
  zone.load(specification);
  std::mt19937_64 random{2};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  std::uniform_int_distribution<std::int64_t> moments{since, of_year_2200};
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t seconds = moments(random);
    ASSERT_EQ(zone.offset_at(seconds), LibraryZone::offset_at(seconds)) << specification << " at " << seconds;
  }
  // Each change of the clock of some years, to the second.
  for (const std::int64_t start :
       {std::int64_t{946684800}, std::int64_t{1735689600}, std::int64_t{4070908800}}) {
    for (std::int64_t seconds = start; seconds < start + hour * 24 * 366; seconds += hour / 2) {
      ASSERT_EQ(zone.offset_at(seconds), LibraryZone::offset_at(seconds))
          << specification << " at " << seconds;
      ASSERT_EQ(zone.offset_at(seconds - 1), LibraryZone::offset_at(seconds - 1))
          << specification << " at " << seconds;
    }
  }
}

class NamedZone : public testing::TestWithParam<const char*> {};

TEST_P(NamedZone, AgreesWithTheCLibrary) {
  const std::string path = std::string{"/usr/share/zoneinfo/"} + GetParam();
  ASSERT_TRUE(std::ifstream{path}.good()) << path << " is not there: install tzdata";
  expect_agreement(GetParam());
  expect_agreement((std::string{":"} + GetParam()).c_str());
  expect_agreement(path.c_str());
}

INSTANTIATE_TEST_SUITE_P(Zones, NamedZone,
                         testing::Values("Europe/Berlin", "Europe/Dublin", "America/New_York",
                                         "America/Sao_Paulo", "America/St_Johns", "Africa/Casablanca",
                                         "Asia/Kolkata", "Asia/Tehran", "Asia/Gaza", "Australia/Lord_Howe",
                                         "Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll",
                                         "Etc/GMT+5", "UTC"));

class PosixRule : public testing::TestWithParam<const char*> {};

// The C library takes every rule for one of 1970 in the years before.
TEST_P(PosixRule, AgreesWithTheCLibrary) { expect_agreement(GetParam(), of_year_1971); }

INSTANTIATE_TEST_SUITE_P(Rules, PosixRule,
                         testing::Values("CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT", "EST5EDT,M3.2.0,M11.1.0",
                                         "<+0330>-3:30", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "XYZ-5:30",
                                         "AEST-10AEDT,M10.1.0,M4.1.0/3", "IST-1GMT0,M10.5.0,M3.5.0/1",
                                         "ABC3:04:05DEF2:03:04,J60/1:02:03,J300/4:05", "ABC3DEF,59,299/0",
                                         "EST5EDT,M3.5.0/25,M11.1.0/26", "UTC0", ""));

TEST(LocalTime, SystemZoneAgreesWithTheCLibrary) { expect_agreement(nullptr); }

TEST(LocalTime, WhatCannotBeUnderstoodIsUtc) {
  for (const char* specification :
       {"nonsense/zone", "AB", "ABC", "ABC5DEF,M13.1.0,M1.1.0", "ABC5DEF,M3.2.0", ":",
        "ABC5DEF,M3.2.0,M11.1.0,", "/etc/passwd", "/nonexistent", "ABC999", "<AB", ".."}) {
    TimeZone zone;
    zone.load("XYZ-5:30");  // what was there before must not shine through
    zone.load(specification);
    EXPECT_EQ(zone.offset_at(1700000000), 0) << specification;
  }
}

std::vector<unsigned char> content_of(const char* path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(LocalTime, DamagedFilesAreRefusedOrGiveSomeOffset) {
  const std::vector<unsigned char> sound = content_of("/usr/share/zoneinfo/Europe/Berlin");
  ASSERT_GT(sound.size(), 100U);
  TimeZone zone;
  ASSERT_TRUE(zone.load_compiled(sound.data(), sound.size()));
  EXPECT_EQ(zone.offset_at(1700000000), 3600);
  for (std::size_t size = 0; size < sound.size(); ++size) {
    zone.load_compiled(sound.data(), size);
    (void)zone.offset_at(1700000000);
  }
  std::mt19937 random{3};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  for (int i = 0; i < 20000; ++i) {
    std::vector<unsigned char> damaged = sound;
    const std::size_t most = i % 2 == 0 ? damaged.size() : 100;  // the headers' counts above all
    for (int change = 0; change < 3; ++change) {
      damaged[random() % most] = static_cast<unsigned char>(random());
    }
    zone.load_compiled(damaged.data(), damaged.size());
    for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{1700000000}, of_year_2200}) {
      (void)zone.offset_at(seconds);
    }
  }
  const std::vector<unsigned char> too_large(TimeZone::capacity + 1, 0);
  EXPECT_FALSE(zone.load_compiled(too_large.data(), too_large.size()));
}

}  // namespace
