#include "track/region/timeline.hpp"

#include "platform/clock.hpp"
#include "platform/pages.hpp"
#include "platform/proc_file.hpp"
#include "platform/shared_field.hpp"
#include "track/region/region.hpp"
#include "track/region/strings.hpp"

namespace ar::track {

namespace {

constexpr std::uint64_t first_interval = 10;  // milliseconds
constexpr std::uint32_t most_moments = 10000;

std::int64_t start = 0;
std::uint64_t interval = first_interval;
std::uint64_t due = 0;
Offset last_moment = 0;
std::uint32_t moments = 0;

// The second number of /proc/self/statm; 0 when it cannot be told. Only where the profile has a file: a
// process that no other looks at makes no system calls for this.
std::uint64_t resident_bytes() noexcept {
  if (!region_has_file()) {
    return 0;
  }
  char text[128];
  const platform::ProcFile file("/proc/self/statm");
  if (!file.read_text(text, sizeof text)) {
    return 0;
  }
  const char* at = text;
  while (*at >= '0' && *at <= '9') {
    ++at;
  }
  std::uint64_t pages = 0;
  for (at += *at == ' ' ? 1 : 0; *at >= '0' && *at <= '9'; ++at) {
    pages = pages * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  return pages * platform::page_size;
}

// Every other point goes. A reader may see some of them twice meanwhile, and puts up with it.
void thin() noexcept {
  Header& profile = *header();
  for (std::uint32_t i = 0; i < timeline_points / 2; ++i) {
    profile.timeline[i] = profile.timeline[i * 2 + 1];
  }
  __atomic_store_n(&profile.timeline_count, timeline_points / 2, __ATOMIC_RELEASE);
  interval *= 2;
}

void add_point(std::uint64_t now, std::uint64_t live_bytes) noexcept {
  Header& profile = *header();
  if (profile.timeline_count == timeline_points) {
    thin();
  }
  profile.timeline[profile.timeline_count] = {now, live_bytes, resident_bytes()};
  __atomic_store_n(&profile.timeline_count, profile.timeline_count + 1, __ATOMIC_RELEASE);
  due = now + interval;
}

}  // namespace

std::uint64_t milliseconds_since_start() noexcept {
  const std::int64_t passed = platform::monotonic_milliseconds() - start;
  return passed > 0 ? static_cast<std::uint64_t>(passed) : 0;
}

void sample_timeline(std::uint64_t live_bytes) noexcept {
  const std::uint64_t now = milliseconds_since_start();
  if (now >= due) {
    add_point(now, live_bytes);
  }
}

void end_timeline(std::uint64_t live_bytes) noexcept { add_point(milliseconds_since_start(), live_bytes); }

void begin_timeline() noexcept {
  start = platform::monotonic_milliseconds();
  interval = first_interval;
  due = 0;
  header()->timeline_count = 0;
  header()->moments = 0;
  last_moment = 0;
  moments = 0;
}

bool add_moment(const char* label, std::uint64_t live_bytes) noexcept {
  const Offset text = moments == most_moments ? 0 : intern_string(label);
  auto* const moment =
      text == 0 ? nullptr : static_cast<MomentRecord*>(allocate_in_region(sizeof(MomentRecord)));
  if (moment == nullptr) {
    return false;
  }
  moment->milliseconds = milliseconds_since_start();
  moment->live_bytes = live_bytes;
  moment->label = text;
  Offset& link = last_moment == 0 ? header()->moments : at<MomentRecord>(last_moment)->next;
  __atomic_store_n(&link, offset_of(moment), __ATOMIC_RELEASE);
  last_moment = offset_of(moment);
  ++moments;
  return true;
}

}  // namespace ar::track
