#include "track/annotated_site.hpp"

#include <cstring>

#include "platform/hash.hpp"
#include "track/region/mode.hpp"
#include "track/region/strings.hpp"
#include "track/sites/origins.hpp"
#include "track/sites/take_stack.hpp"
#include "track/threads/counters.hpp"
#include "unwind/unwind.hpp"

namespace ar::track {

namespace {

const char* description_of(const AnnotatedSite& site) noexcept {
  return site.description == nullptr ? "Unknown" : site.description;
}

// File and line do not tell the place: the caller's address does.
bool needs_caller(const AnnotatedSite& site) noexcept {
  return site.file == nullptr || (site.line == 0 && std::strcmp(site.file, "zig") == 0);
}

bool matches(const AnnotationCacheEntry& entry, const AnnotatedSite& site, std::uintptr_t caller,
             NodeIndex stack) noexcept {
  return entry.stack == stack && entry.owner == site.owner && entry.file == site.file &&
         entry.description == site.description && entry.line == site.line && entry.caller == caller &&
         entry.interned_file != nullptr &&
         (site.file == nullptr || std::strcmp(entry.interned_file, site.file) == 0) &&
         (site.description == nullptr || std::strcmp(entry.interned_description, site.description) == 0);
}

}  // namespace

SiteCounters find_annotated_site(Recorder& recorder, const AnnotatedSite& site, Family family) noexcept {
  const Recording now = recording();
  if (now == Recording::nothing) {
    return unrecorded_site(recorder, family);
  }
  const NodeIndex stack =
      now == Recording::stacks ? take_stack(recorder.stack_memory, unwind::context_here(), site.caller) : 0;
  const std::uintptr_t caller = needs_caller(site) ? site.caller : 0;
  const std::uint64_t hash =
      platform::mix(reinterpret_cast<std::uintptr_t>(site.description) * 31 + caller + stack +
                    (std::uintptr_t{site.owner} << 32U) + reinterpret_cast<std::uintptr_t>(site.file) +
                    static_cast<unsigned>(site.line));
  AnnotationCacheEntry& entry = recorder.annotations[hash >> (64U - annotation_cache_bits)];
  if (matches(entry, site, caller, stack) && slot_family(entry.tag) == family) {
    return {entry.tag, entry.counters};
  }
  OriginIndex index = 0;
  {
    const platform::LockGuard guard(region_lock());
    index = intern_annotation(site.file, site.line, description_of(site), caller, stack, family, site.owner);
  }
  const OriginRecord* record = origin(index);
  const bool kept_as_given =
      record != nullptr && std::strcmp(text(record->description), description_of(site)) == 0;
  Counters* counters = counters_of(recorder, index);
  const std::uint32_t tag = slot_tag(index, family);
  if (kept_as_given) {
    entry = {site.file,
             site.description,
             text(record->file),
             text(record->description),
             caller,
             counters,
             tag,
             site.line,
             stack,
             site.owner};
  }
  return {tag, counters};
}

OriginIndex intern_owner(const AnnotatedSite& made) noexcept {
  const platform::LockGuard guard(region_lock());
  return intern_annotation(made.file, made.line, description_of(made), needs_caller(made) ? made.caller : 0,
                           0, Family::owned, owner_itself);
}

}  // namespace ar::track
