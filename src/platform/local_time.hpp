// Local time without the C library's, which allocates and locks: for reports written inside malloc, in
// signal handlers and after the last destructor.
//
// Understands what TZ may hold (a zone's name, a path, a POSIX rule as "CET-1CEST,M3.5.0,M10.5.0/3") and the
// compiled zones of RFC 8536 with their rule for the years to come. Leap seconds are not counted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

struct CivilTime {
  std::int64_t year;
  unsigned month, day;  // from 1
  unsigned hour, minute, second;
};

// Of seconds since 1970-01-01 00:00:00, whatever zone they are in.
[[nodiscard]] CivilTime civil_time(std::int64_t seconds) noexcept;

// Not thread-safe; 8 KiB, so not for the stack of a signal handler.
class TimeZone {
 public:
  // `specification` is the value of TZ, null when it is not set: then the system's zone. What cannot be
  // understood is UTC, as in the C library.
  void load(const char* specification) noexcept;

  // The same from the content of a zone file, at most `capacity` bytes. False (and UTC) when it is damaged.
  bool load_compiled(const unsigned char* content, std::size_t size) noexcept;

  // The same from a POSIX rule of `size` bytes.
  bool load_rule(const char* rule, std::size_t size) noexcept;

  // Seconds to add to UTC at this moment, given in seconds since 1970 UTC.
  [[nodiscard]] std::int32_t offset_at(std::int64_t seconds) const noexcept;

  static constexpr std::size_t capacity = 8192;

 private:
  // One day of each year and the second of it, in local time, at which the clocks change.
  struct Change {
    enum class Kind : std::uint8_t { month_week_day, julian_without_leap_day, day_of_year };
    Kind kind;
    int month, week, day;
    std::int32_t second;
  };
  struct Rule {
    bool valid;
    bool has_summer;
    std::int32_t standard, summer;  // offsets
    Change to_summer, to_standard;
  };

  bool load_file(const char* folder, const char* name) noexcept;
  static const char* parse_change(const char* next, const char* end, Change& change) noexcept;
  static std::int64_t moment(const Change& change, std::int64_t year) noexcept;
  [[nodiscard]] std::int32_t offset_by_rule(std::int64_t seconds) const noexcept;

  unsigned char content_[capacity];
  std::size_t transitions_ = 0;  // in content_, big-endian 64-bit seconds
  std::size_t transition_count_ = 0;
  std::size_t kinds_ = 0;  // one byte a transition: its index in the types
  std::size_t types_ = 0;  // 6 bytes each: offset, summer, name
  std::size_t type_count_ = 0;
  Rule rule_{};  // after the last transition
};

}  // namespace ar::platform
