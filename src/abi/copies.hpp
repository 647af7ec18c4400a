// Several copies of the library in one process: linked into the program, into a plug-in, as a shared library.
// One heap serves them all, that of the copy which is used first. The others hand each call on to it, through
// the table of calls that it has left where all copies look for it (platform/process_word.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/statistics.hpp"
#include "heap/thread_state.hpp"
#include "track/annotated_site.hpp"
#include "track/owners.hpp"
#include "track/region/slot.hpp"
#include "track/threads/snapshot.hpp"

struct ar_profile__growth;

namespace ar::abi {

// As the functions of the same names in the layers below and in ar_profile.h.
struct OwnerCalls {
  track::Owner* (*begin)(track::OwnerKind kind, const track::AnnotatedSite& made);
  void (*end)(track::Owner* owner);
  void (*enter)(track::Owner* owner, const void* block, std::size_t size, track::AnnotatedSite site);
  void (*resize)(track::Owner* owner, const void* block, std::size_t size);
  track::OriginIndex (*leave)(track::Owner* owner, const void* block);
  void (*give_back)(track::Owner* owner, const void* block, std::size_t size, track::OriginIndex origin);
  void (*reject)(track::Owner* owner, const void* pointer, const char* file, int line, std::uintptr_t caller);
  std::size_t (*count)(const track::Owner* owner);
  void (*cut)(track::Owner* owner, std::size_t count);
  void (*add_finder)(track::BlockFinder finder, const char* name);
  void (*remove_finder)(track::BlockFinder finder);
};

using GrowthVisitor = void (*)(const ar_profile__growth* growth, void* context);

struct ProfileCalls {
  bool (*is_tracking)();
  bool (*switch_recording)(bool on);
  bool (*mark)(const char* label);
  track::Snapshot* (*take)();
  void (*drop)(track::Snapshot* snapshot);
  std::size_t (*grown)(const track::Snapshot& before, const track::Snapshot& after, GrowthVisitor visit,
                       void* context);
};

struct Calls {
  // In every version of the library, these two come first.
  std::uint32_t layout;
  const char* version;

  // Null if there is no memory; they leave errno alone.
  void* (*allocate)(std::size_t size, std::size_t alignment, std::uintptr_t caller, track::Family family);
  void* (*allocate_zeroed)(std::size_t count, std::size_t size, std::uintptr_t caller);
  void* (*allocate_annotated)(std::size_t size, std::size_t alignment, const track::AnnotatedSite& site);
  void* (*allocate_zeroed_annotated)(std::size_t count, std::size_t size, const track::AnnotatedSite& site);
  void (*free)(void* pointer, std::uintptr_t caller, std::uint32_t families);
  // annotated: as for resize_annotated; null for resize
  void* (*resize)(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                  std::uintptr_t caller);
  bool (*resize_in_place)(void* pointer, std::size_t size, std::uintptr_t caller);
  std::size_t (*usable_size)(void* pointer);
  bool (*trim)();
  heap::Statistics (*statistics)();

  bool (*adopt)(void* pointer, std::size_t size, const char* description, std::uintptr_t caller);
  bool (*disown)(void* pointer);
  bool (*begin_watch)(heap::HeapWatch& watch);
  void (*end_watch)(heap::HeapWatch& watch);
  void (*write_report)();

  void (*finish)();
  bool (*is_borrowed_memory)();
  void (*set_in_exec)(bool in_exec);
  void (*forget_unloaded_code)();
  bool (*enter_sandbox)();         // whether it was in one
  bool (*set_sandboxed)(bool on);  // the same
  long (*lock_all_memory)(int flags);
  long (*unlock_all_memory)();

  OwnerCalls owner;
  const ProfileCalls* profile;
};

extern const Calls own_calls;                 // this copy's: own_calls.cpp
extern const ProfileCalls own_profile_calls;  // ar_profile.cpp

// True if this copy serves from now on, false if another does. Called before the first allocation.
[[nodiscard]] bool claim_process() noexcept;

// Whether another copy is known, for a look that changes nothing: a copy of another version counts as none.
[[nodiscard]] bool is_other_copy_ready() noexcept;

// The copy that serves instead of this one; null if this one does, or none does yet. Ends the process, with
// status 1 and a line that says why, if the other one is of another version.
[[nodiscard]] const Calls* other_copy() noexcept;

// The copy that serves, this one if none does yet.
[[nodiscard]] const Calls& serving_copy() noexcept;

// The same for what may be called at any moment: asks the system nothing, and so does not find one that this
// copy has not met.
[[nodiscard]] const Calls& known_copy() noexcept;

// A plug-in that this copy is linked into must stay loaded if it may come to serve: other modules will hold
// its blocks.
void keep_loaded() noexcept;

}  // namespace ar::abi
