// What this copy of the library does for others (copies.hpp).
#include "abi/allocate.hpp"
#include "abi/annotated.hpp"
#include "abi/copies.hpp"
#include "abi/free.hpp"
#include "abi/memory_locks.hpp"
#include "abi/misuse.hpp"
#include "abi/report.hpp"
#include "abi/resize.hpp"
#include "abi/start.hpp"
#include "heap/resize.hpp"
#include "heap/thread_heap.hpp"
#include "heap/watch.hpp"
#include "platform/sandbox.hpp"
#include "track/adopted.hpp"
#include "track/region/mode.hpp"
#include "track/threads/recorders.hpp"
#include "track/tracker.hpp"
#include "unwind/unwind.hpp"

namespace ar::abi {

namespace {

Annotation annotation_of(const track::AnnotatedSite& site) noexcept {
  return {site.file, site.line, site.description, site.caller};
}

void* allocate_for(std::size_t size, std::size_t alignment, std::uintptr_t caller,
                   track::Family family) noexcept {
  return allocate_aligned(size, alignment, caller, family);
}

void* allocate_annotated_for(std::size_t size, std::size_t alignment,
                             const track::AnnotatedSite& site) noexcept {
  return allocate_annotated(size, alignment, annotation_of(site));
}

void* allocate_zeroed_annotated_for(std::size_t count, std::size_t size,
                                    const track::AnnotatedSite& site) noexcept {
  return allocate_zeroed_annotated(count, size, annotation_of(site));
}

void free_for(void* pointer, std::uintptr_t caller, std::uint32_t families) noexcept {
  if (families == freed_by_delete) {
    free_block<freed_by_delete>(pointer, caller);
  } else if (families == freed_by_delete_array) {
    free_block<freed_by_delete_array>(pointer, caller);
  } else {
    free_block<freed_by_free>(pointer, caller);
  }
}

void* resize_for(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                 std::uintptr_t caller) noexcept {
  return annotated == nullptr ? resize(pointer, size, caller)
                              : resize_annotated(pointer, size, *annotated, caller);
}

std::size_t usable_size_for(void* pointer) noexcept {
  const heap::Page* const page = heap::page_of(pointer);
  return page == nullptr ? usable_size_of_foreign(pointer) : heap::usable_size(page);
}

void forget_unloaded_code() noexcept {
  unwind::forget_unloaded_code();
  if (track::profile() != nullptr) {
    track::forget_sites();
  }
}

bool enter_sandbox() noexcept {
  if (!platform::is_sandboxed()) {
    track::prepare_for_sandbox();
  }
  return platform::set_sandboxed(true);
}

void reject(track::Owner* owner, const void* pointer, const char* file, int line,
            std::uintptr_t caller) noexcept {
  report_wrong_owner(pointer, {file, line, caller}, track::description_of(owner));
}

}  // namespace

constinit const Calls own_calls = {
    .layout = 3,  // to be increased with every change of the table, or of a type that it mentions
    .version = ARPENT_VERSION,
    .allocate = allocate_for,
    .allocate_zeroed = allocate_zeroed,
    .allocate_annotated = allocate_annotated_for,
    .allocate_zeroed_annotated = allocate_zeroed_annotated_for,
    .free = free_for,
    .resize = resize_for,
    .resize_in_place = resize_in_place,
    .usable_size = usable_size_for,
    .trim = heap::trim,
    .statistics = heap::statistics,
    .adopt = track::adopt,
    .disown = track::disown,
    .begin_watch = heap::begin_watch,
    .end_watch = heap::end_watch,
    .write_report = write_report_now,
    .finish = finish_before_exit_call,
    .is_borrowed_memory = is_borrowed_memory,
    .set_in_exec = track::set_in_exec,
    .forget_unloaded_code = forget_unloaded_code,
    .enter_sandbox = enter_sandbox,
    .set_sandboxed = platform::set_sandboxed,
    .lock_all_memory = lock_all_memory,
    .unlock_all_memory = unlock_all_memory,
    .owner =
        {
            .begin = track::begin_owner,
            .end = track::end_owner,
            .enter = track::enter_owned,
            .resize = track::resize_owned,
            .leave = track::leave_owned,
            .give_back = track::return_owned,
            .reject = reject,
            .count = track::count_owned,
            .cut = track::cut_owned,
            .add_finder = track::add_block_finder,
            .remove_finder = track::remove_block_finder,
        },
    .profile = &own_profile_calls,
};

}  // namespace ar::abi
