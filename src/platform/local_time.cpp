#include "platform/local_time.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <climits>
#include <cstring>
#include <initializer_list>

#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

constexpr std::int64_t seconds_a_day = 86400;
constexpr std::size_t header_size = 44;
constexpr std::size_t type_size = 6;
constexpr const char* system_zone = "/etc/localtime";
constexpr const char* zone_folder = "/usr/share/zoneinfo/";
// What the C library takes for a rule that names a summer time without saying when.
constexpr const char* default_changes = ",M3.2.0,M11.1.0";

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) noexcept {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

bool is_leap_year(std::int64_t year) noexcept {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

std::int64_t days_before_year(std::int64_t year) noexcept {  // since 1970-01-01
  const std::int64_t before = year - 1;
  return 365 * (year - 1970) + (floor_divide(before, 4) - 492) - (floor_divide(before, 100) - 19) +
         (floor_divide(before, 400) - 4);
}

int days_in_month(std::int64_t year, int month) noexcept {
  constexpr signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

std::int64_t year_of_day(std::int64_t day) noexcept {
  std::int64_t year = 1970 + floor_divide(day * 400, 146097);
  while (days_before_year(year) > day) {
    --year;
  }
  while (days_before_year(year + 1) <= day) {
    ++year;
  }
  return year;
}

std::uint32_t big_endian_32(const unsigned char* bytes) noexcept {
  return (static_cast<std::uint32_t>(bytes[0]) << 24U) | (static_cast<std::uint32_t>(bytes[1]) << 16U) |
         (static_cast<std::uint32_t>(bytes[2]) << 8U) | bytes[3];
}

std::int64_t big_endian_64(const unsigned char* bytes) noexcept {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(big_endian_32(bytes)) << 32U) |
                                   big_endian_32(bytes + 4));
}

bool is_digit(char character) noexcept { return character >= '0' && character <= '9'; }
bool is_letter(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

// The parsers take the text that is left and give what is left after them; null when it is not what they look
// for.
const char* parse_number(const char* next, const char* end, int largest, int& value) noexcept {
  if (next == end || !is_digit(*next)) {
    return nullptr;
  }
  value = 0;
  while (next != end && is_digit(*next)) {
    value = value * 10 + (*next++ - '0');
    if (value > largest) {
      return nullptr;
    }
  }
  return next;
}

const char* parse_name(const char* next, const char* end) noexcept {
  const char* const start = next;
  if (next != end && *next == '<') {
    while (next != end && *next != '>') {
      ++next;
    }
    return next == end ? nullptr : next + 1;
  }
  while (next != end && is_letter(*next)) {
    ++next;
  }
  return next - start >= 3 ? next : nullptr;
}

// [+-]hours[:minutes[:seconds]]
const char* parse_clock(const char* next, const char* end, std::int32_t& seconds) noexcept {
  constexpr int largest_hour = 167;
  int sign = 1;
  if (next != end && (*next == '-' || *next == '+')) {
    sign = *next++ == '-' ? -1 : 1;
  }
  int parts[3] = {0, 0, 0};
  for (int i = 0; i < 3; ++i) {
    next = parse_number(next, end, i == 0 ? largest_hour : 59, parts[i]);
    if (next == nullptr) {
      return nullptr;
    }
    if (next == end || *next != ':' || i == 2) {
      break;
    }
    ++next;
  }
  seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
  return next;
}

}  // namespace

CivilTime civil_time(std::int64_t seconds) noexcept {
  const std::int64_t day = floor_divide(seconds, seconds_a_day);
  const auto second_of_day = static_cast<unsigned>(seconds - day * seconds_a_day);
  const std::int64_t year = year_of_day(day);
  auto rest = static_cast<int>(day - days_before_year(year));
  int month = 1;
  while (rest >= days_in_month(year, month)) {
    rest -= days_in_month(year, month++);
  }
  return {year,
          static_cast<unsigned>(month),
          static_cast<unsigned>(rest + 1),
          second_of_day / 3600,
          second_of_day / 60 % 60,
          second_of_day % 60};
}

const char* TimeZone::parse_change(const char* next, const char* end, Change& change) noexcept {
  change = {Change::Kind::day_of_year, 0, 0, 0, 2 * 3600};
  if (next != end && *next == 'M') {
    change.kind = Change::Kind::month_week_day;
    next = parse_number(next + 1, end, 12, change.month);
    if (next == nullptr || change.month == 0 || next == end || *next != '.') {
      return nullptr;
    }
    next = parse_number(next + 1, end, 5, change.week);
    if (next == nullptr || change.week == 0 || next == end || *next != '.') {
      return nullptr;
    }
    next = parse_number(next + 1, end, 6, change.day);
  } else if (next != end && *next == 'J') {
    change.kind = Change::Kind::julian_without_leap_day;
    next = parse_number(next + 1, end, 365, change.day);
    if (change.day == 0) {
      return nullptr;
    }
  } else {
    next = parse_number(next, end, 365, change.day);
  }
  if (next != nullptr && next != end && *next == '/') {
    next = parse_clock(next + 1, end, change.second);
  }
  return next;
}

bool TimeZone::load_rule(const char* rule, std::size_t size) noexcept {
  rule_ = {};
  transition_count_ = 0;
  type_count_ = 0;
  Rule parsed{};
  const char* const end = rule + size;
  const char* next = parse_name(rule, end);
  if (next == nullptr) {
    return false;
  }
  next = parse_clock(next, end, parsed.standard);
  if (next == nullptr) {
    return false;
  }
  parsed.standard = -parsed.standard;  // written as what is to be added to local time
  if (next != end) {
    parsed.has_summer = true;
    next = parse_name(next, end);
    if (next == nullptr) {
      return false;
    }
    parsed.summer = parsed.standard + 3600;
    if (next != end && *next != ',') {
      next = parse_clock(next, end, parsed.summer);
      if (next == nullptr) {
        return false;
      }
      parsed.summer = -parsed.summer;
    }
    const char* changes = next == end ? default_changes : next;
    const char* const changes_end = next == end ? default_changes + std::strlen(default_changes) : end;
    for (Change* change : {&parsed.to_summer, &parsed.to_standard}) {
      if (changes == changes_end || *changes != ',') {
        return false;
      }
      changes = parse_change(changes + 1, changes_end, *change);
      if (changes == nullptr) {
        return false;
      }
    }
    if (changes != changes_end) {
      return false;
    }
  }
  parsed.valid = true;
  rule_ = parsed;
  return true;
}

bool TimeZone::load_compiled(const unsigned char* content, std::size_t size) noexcept {
  rule_ = {};
  transition_count_ = 0;
  type_count_ = 0;
  if (size > capacity || size < header_size || std::memcmp(content, "TZif", 4) != 0 || content[4] < '2') {
    return false;  // files of before 2005 have no 64-bit part
  }
  const auto count = [&](std::size_t header, std::size_t index) -> std::size_t {
    return big_endian_32(content + header + 20 + index * 4);
  };
  const auto body_size = [&](std::size_t header, std::size_t time_size) {
    return count(header, 3) * (time_size + 1) + count(header, 4) * type_size + count(header, 5) +
           count(header, 2) * (time_size + 4) + count(header, 1) + count(header, 0);
  };
  const std::size_t header = header_size + body_size(0, 4);
  if (header + header_size > size || std::memcmp(content + header, "TZif", 4) != 0) {
    return false;
  }
  const std::size_t body = header + header_size;
  const std::size_t footer = body + body_size(header, 8);
  const std::size_t types = count(header, 4);
  if (footer > size || types == 0) {
    return false;
  }
  const std::size_t transitions = count(header, 3);
  const std::size_t kinds = body + transitions * 8;
  for (std::size_t i = 0; i < transitions; ++i) {
    if (content[kinds + i] >= types) {
      return false;
    }
  }
  if (footer < size && content[footer] == '\n') {
    const auto* rule = reinterpret_cast<const char*>(content) + footer + 1;
    const auto* end = static_cast<const char*>(std::memchr(rule, '\n', size - footer - 1));
    if (end != nullptr && end != rule && !load_rule(rule, static_cast<std::size_t>(end - rule))) {
      return false;
    }
  }
  if (content != content_) {
    std::memcpy(content_, content, size);
  }
  transitions_ = body;
  transition_count_ = transitions;
  kinds_ = kinds;
  types_ = kinds + transitions;
  type_count_ = types;
  return true;
}

bool TimeZone::load_file(const char* folder, const char* name) noexcept {
  char path[512];
  const std::size_t folder_length = std::strlen(folder);
  const std::size_t name_length = std::strlen(name);
  if (folder_length + name_length >= sizeof path) {
    return false;
  }
  std::memcpy(path, folder, folder_length);
  std::memcpy(path + folder_length, name, name_length + 1);
  const long file =
      system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    return false;
  }
  std::size_t size = 0;
  bool whole = false;
  while (size < capacity) {
    const long got = system_call(SYS_read, file, reinterpret_cast<long>(content_ + size), capacity - size);
    if (got <= 0) {
      whole = got == 0;
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  system_call(SYS_close, file);
  return whole && load_compiled(content_, size);
}

void TimeZone::load(const char* specification) noexcept {
  bool known = false;
  if (specification == nullptr) {
    known = load_file("", system_zone);
  } else {
    const char* const name = specification[0] == ':' ? specification + 1 : specification;
    known = name[0] != '\0' &&
            (load_file(name[0] == '/' ? "" : zone_folder, name) || load_rule(name, std::strlen(name)));
  }
  if (!known) {
    rule_ = {};
    transition_count_ = 0;
    type_count_ = 0;
  }
}

std::int64_t TimeZone::moment(const Change& change, std::int64_t year) noexcept {
  std::int64_t day = days_before_year(year);
  switch (change.kind) {
    case Change::Kind::day_of_year:
      day += change.day;
      break;
    case Change::Kind::julian_without_leap_day:
      day += change.day - 1 + (is_leap_year(year) && change.day >= 60 ? 1 : 0);
      break;
    case Change::Kind::month_week_day: {
      for (int month = 1; month < change.month; ++month) {
        day += days_in_month(year, month);
      }
      constexpr int weekday_of_1970 = 4;  // 1970-01-01 was a Thursday
      const auto first_weekday = static_cast<int>(((day + weekday_of_1970) % 7 + 7) % 7);
      int day_of_month = (change.day - first_weekday + 7) % 7 + (change.week - 1) * 7;
      while (day_of_month >= days_in_month(year, change.month)) {
        day_of_month -= 7;  // week 5 means the last one
      }
      day += day_of_month;
      break;
    }
  }
  return day * seconds_a_day + change.second;
}

std::int32_t TimeZone::offset_by_rule(std::int64_t seconds) const noexcept {
  if (!rule_.has_summer) {
    return rule_.standard;
  }
  const std::int64_t year = year_of_day(floor_divide(seconds + rule_.standard, seconds_a_day));
  const std::int64_t to_summer = moment(rule_.to_summer, year) - rule_.standard;
  const std::int64_t to_standard = moment(rule_.to_standard, year) - rule_.summer;
  const bool summer = to_summer < to_standard ? seconds >= to_summer && seconds < to_standard
                                              : seconds >= to_summer || seconds < to_standard;
  return summer ? rule_.summer : rule_.standard;
}

std::int32_t TimeZone::offset_at(std::int64_t seconds) const noexcept {
  std::size_t before = 0;  // transitions at or before the moment
  std::size_t above = transition_count_;
  while (before < above) {
    const std::size_t middle = (before + above) / 2;
    if (big_endian_64(content_ + transitions_ + middle * 8) <= seconds) {
      before = middle + 1;
    } else {
      above = middle;
    }
  }
  if (before == transition_count_ && rule_.valid) {
    return offset_by_rule(seconds);
  }
  if (type_count_ == 0) {
    return 0;
  }
  const std::size_t type = before == 0 ? 0 : content_[kinds_ + before - 1];
  return static_cast<std::int32_t>(big_endian_32(content_ + types_ + type * type_size));
}

}  // namespace ar::platform
