#include "abi/memory_locks.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "heap/look_up.hpp"
#include "heap/spans.hpp"
#include "platform/mappings.hpp"
#include "platform/pages.hpp"
#include "platform/raw_system_call.hpp"
#include "platform/reserved_pages.hpp"
#include "platform/sandbox.hpp"
#include "track/region/region.hpp"

namespace ar::abi {

namespace {

struct Range {
  std::uintptr_t start;
  std::uintptr_t end;
};

// The first reserved range that ends after the address. Its start is UINTPTR_MAX if there is none.
Range reserved_after(std::uintptr_t address) noexcept {
  Range first{UINTPTR_MAX, UINTPTR_MAX};
  const auto consider = [&](const Range& range) {
    if (range.end > address && range.start < first.start) {
      first = range;
    }
  };
  Range range{};
  if (heap::reserved_range_after(address, range.start, range.end)) {
    consider(range);
  }
  if (platform::reserved_range_after(address, range.start, range.end)) {
    consider(range);
  }
  if (const track::Header* const profile = track::header(); profile != nullptr) {
    const auto start = reinterpret_cast<std::uintptr_t>(profile);
    consider({start, start + profile->capacity});
  }
  return first;
}

struct Locking {
  bool on_touch;
  long result;
};

// Only the first call says whether the process may lock the range. Like mlockall, the second one does what it
// can: some pages cannot be brought into memory (no access, a file that was cut short).
bool lock(const Range& range, Locking& locking) noexcept {
  const auto start = static_cast<long>(range.start);
  const auto size = static_cast<long>(range.end - range.start);
  locking.result = platform::raw_system_call(SYS_mlock2, start, size, MLOCK_ONFAULT);
  if (locking.result == 0 && !locking.on_touch) {
    platform::raw_system_call(SYS_mlock, start, size);
  }
  return locking.result == 0;
}

bool lock_mapping(const platform::Mapping& mapping, void* context) noexcept {
  auto& locking = *static_cast<Locking*>(context);
  if (mapping.kind == platform::MappingKind::kernel) {
    return true;
  }
  for (std::uintptr_t at = mapping.start; at < mapping.end;) {
    const Range reserved = reserved_after(at);
    const std::uintptr_t end = reserved.start < mapping.end ? reserved.start : mapping.end;
    if (end > at && !lock({at, end}, locking)) {
      // It may have been unmapped meanwhile. Beyond the limit, the error is the same.
      return false;
    }
    at = reserved.start < mapping.end ? reserved.end : mapping.end;
  }
  return true;
}

long call(long number, int flags) noexcept { return platform::raw_system_call(number, flags); }

// Where the mappings cannot be listed (no /proc, no free descriptor). Not at once: what is reserved may be
// more than there is memory for.
long lock_unlisted(int flags_for_later) noexcept {
  long result = call(SYS_mlockall, MCL_CURRENT | MCL_ONFAULT);
  for (Range range = reserved_after(0); result == 0 && range.end != UINTPTR_MAX;
       range = reserved_after(range.end)) {
    platform::raw_system_call(SYS_munlock, static_cast<long>(range.start),
                              static_cast<long>(range.end - range.start));
  }
  if (result == 0 && flags_for_later != 0) {  // which the first call has taken back
    result = call(SYS_mlockall, flags_for_later);
  }
  return result;
}

long lock_current(int flags) noexcept {
  Locking locking{(flags & MCL_ONFAULT) != 0, 0};
  return platform::for_each_mapping(lock_mapping, &locking)
             ? locking.result
             : lock_unlisted((flags & MCL_FUTURE) != 0 ? flags & ~MCL_CURRENT : 0);
}

}  // namespace

long unlock_all_memory() noexcept {
  const long result = call(SYS_munlockall, 0);
  if (result == 0) {
    platform::set_page_locks(platform::PageLocks::none);
  }
  return result;
}

long lock_all_memory(int flags) noexcept {
  constexpr int known = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  const bool later = (flags & MCL_FUTURE) != 0;
  const bool on_touch = (flags & MCL_ONFAULT) != 0;
  if (platform::is_sandboxed() || (flags & ~known) != 0 || (flags & (MCL_CURRENT | MCL_FUTURE)) == 0) {
    return call(SYS_mlockall, flags);
  }
  const platform::PageLocks before = platform::page_locks();
  // First, so that nothing which other threads map meanwhile is left out.
  platform::set_page_locks(!later     ? platform::PageLocks::none
                           : on_touch ? platform::PageLocks::on_touch
                                      : platform::PageLocks::at_once);
  long result = later ? call(SYS_mlockall, flags & ~MCL_CURRENT) : 0;
  if (result == 0 && !later && before != platform::PageLocks::none) {
    result = call(SYS_munlockall, 0);
  }
  if (result != 0) {
    platform::set_page_locks(before);
    return result;
  }
  if ((flags & MCL_CURRENT) != 0) {
    heap::cut_back_segments();
    result = lock_current(flags);
    if (result != 0) {
      (void)unlock_all_memory();
    }
  }
  return result;
}

}  // namespace ar::abi

namespace {

int with_errno(long result) noexcept {
  if (result != 0) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return 0;
}

}  // namespace

ARPENT_EXPORT_C int mlockall(int flags) noexcept {
  return with_errno(ar::abi::known_copy().lock_all_memory(flags));
}

ARPENT_EXPORT_C int munlockall() noexcept { return with_errno(ar::abi::known_copy().unlock_all_memory()); }
