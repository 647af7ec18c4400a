// The library's side of include/ar_profile.h.
#include "ar_profile.h"

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "platform/lock.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/region/strings.hpp"
#include "track/sites/origins.hpp"
#include "track/sites/stack_nodes.hpp"
#include "track/sites/take_stack.hpp"
#include "track/threads/peak.hpp"
#include "track/threads/recorders.hpp"
#include "track/threads/snapshot.hpp"
#include "track/tracker.hpp"

namespace {

using ar::track::LiveOrigin;
using ar::track::OriginIndex;
using ar::track::OriginRecord;
using ar::track::Snapshot;

struct Visit {
  ar::abi::GrowthVisitor visit;
  void* context;
};

std::size_t stack_of(const OriginRecord& origin,
                     std::uintptr_t (&frames)[ar::track::most_stack_depth]) noexcept {
  std::size_t depth = 0;
  if (origin.stack == 0 && origin.address != 0) {
    frames[depth++] = origin.address;
  }
  for (const auto* node = ar::track::stack_node(origin.stack);
       node != nullptr && depth < ar::track::most_stack_depth; node = ar::track::stack_node(node->caller)) {
    frames[depth++] = node->address;
  }
  return depth;
}

void visit_growth(OriginIndex index, const LiveOrigin& growth, void* context) noexcept {
  const Visit& to = *static_cast<Visit*>(context);
  const OriginRecord* const origin = ar::track::origin(index);
  if (to.visit == nullptr || origin == nullptr) {
    return;
  }
  std::uintptr_t frames[ar::track::most_stack_depth];
  const std::size_t depth = stack_of(*origin, frames);
  const ar_profile__growth told = {
      growth.blocks,
      growth.bytes,
      origin->file == 0 ? nullptr : ar::track::text(origin->file),
      origin->line,
      origin->description == 0 ? nullptr : ar::track::text(origin->description),
      frames,
      depth,
  };
  to.visit(&told, to.context);
}

bool mark(const char* label) noexcept {
  const ar::platform::LockGuard guard(ar::track::region_lock());
  return ar::track::mark_moment(label);
}

std::size_t for_each_grown(const Snapshot& before, const Snapshot& after, ar::abi::GrowthVisitor visit,
                           void* context) noexcept {
  Visit to = {visit, context};
  return ar::track::for_each_grown(before, after, &visit_growth, &to);
}

const ar::abi::ProfileCalls& calls() noexcept { return *ar::abi::serving_copy().profile; }

const Snapshot& own(const ar_profile__snapshot* snapshot) noexcept {
  return *reinterpret_cast<const Snapshot*>(snapshot);
}

}  // namespace

namespace ar::abi {
constinit const ProfileCalls own_profile_calls = {
    .is_tracking = [] { return track::profile() != nullptr; },
    .switch_recording = track::switch_recording,
    .mark = mark,
    .take = track::take_snapshot,
    .drop = track::drop_snapshot,
    .grown = for_each_grown,
};
}  // namespace ar::abi

ARPENT_EXPORT_C int ar_profile__is_tracking_() { return calls().is_tracking() ? 1 : 0; }

ARPENT_EXPORT_C int ar_profile__switch_(int on) { return calls().switch_recording(on != 0) ? 1 : 0; }

ARPENT_EXPORT_C int ar_profile__mark_(const char* label) { return calls().mark(label) ? 1 : 0; }

ARPENT_EXPORT_C ar_profile__snapshot* ar_profile__take_() {
  return reinterpret_cast<ar_profile__snapshot*>(calls().take());
}

ARPENT_EXPORT_C void ar_profile__drop_(ar_profile__snapshot* snapshot) {
  calls().drop(reinterpret_cast<Snapshot*>(snapshot));
}

ARPENT_EXPORT_C void ar_profile__live_(const ar_profile__snapshot* snapshot, int64_t* blocks,
                                       int64_t* bytes) {
  *blocks = own(snapshot).total.blocks;
  *bytes = own(snapshot).total.bytes;
}

ARPENT_EXPORT_C size_t ar_profile__grown_(const ar_profile__snapshot* before,
                                          const ar_profile__snapshot* after,
                                          void (*visit)(const ar_profile__growth* growth, void* context),
                                          void* context) {
  return calls().grown(own(before), own(after), visit, context);
}
