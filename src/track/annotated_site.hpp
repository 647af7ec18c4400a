// Sites that the program names itself: file, line and description, told apart by content.
#pragma once

#include <cstdint>

#include "track/region/slot.hpp"
#include "track/threads/recorder.hpp"
#include "track/threads/site_counters.hpp"

namespace ar::track {

struct AnnotatedSite {
  const char* file;
  const char* description;  // null: "Unknown"
  int line;
  std::uintptr_t caller;  // counts only if file and line do not tell the place (Zig)
  OriginIndex owner = 0;  // the arena or buffer that the block lies in (owners.hpp); 0: none
};

// One probe in the thread's cache, or else interns the site.
[[nodiscard]] SiteCounters find_annotated_site(Recorder& recorder, const AnnotatedSite& site,
                                               Family family) noexcept;

// The origin of an owner itself, made at this site. 0 if the profile has no room for it.
[[nodiscard]] OriginIndex intern_owner(const AnnotatedSite& made) noexcept;

}  // namespace ar::track
