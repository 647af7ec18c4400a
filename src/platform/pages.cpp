#include "platform/pages.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>

#include "platform/sandbox.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

constexpr int protection = PROT_READ | PROT_WRITE;
constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

constinit std::atomic<PageLocks> locks{PageLocks::none};

void* map_at(std::uintptr_t hint, std::size_t size, int more_flags) noexcept {
  const bool is_locked = page_locks() != PageLocks::none;
  const long result =
      system_call(SYS_mmap, hint, size, is_locked ? PROT_NONE : protection, flags | more_flags, -1, 0);
  if (result < 0 && result > -static_cast<long>(page_size)) {
    return nullptr;
  }
  if (is_locked) {  // the system brings locked pages into memory as soon as they can be accessed
    system_call(SYS_munlock, result, size);
    if (system_call(SYS_mprotect, result, size, protection) != 0) {  // beyond RLIMIT_DATA
      if ((more_flags & MAP_FIXED) == 0) {
        unmap_pages(reinterpret_cast<void*>(result), size);
      }
      return nullptr;
    }
  }
  return reinterpret_cast<void*>(result);
}

// Where the address space is limited (ulimit -v), asking for `size + alignment` fails though `size` would
// be granted. Looks for an aligned hole below the place where the kernel would put the mapping.
void* map_aligned_exactly(std::size_t size, std::size_t alignment) noexcept {
  constexpr int attempts = 64;
  void* probe = map_at(0, size, 0);
  if (probe == nullptr) {
    return nullptr;
  }
  const auto start = reinterpret_cast<std::uintptr_t>(probe);
  if (start % alignment == 0) {
    return probe;
  }
  unmap_pages(probe, size);
  std::uintptr_t candidate = round_down(start, alignment);
  for (int i = 0; i < attempts && candidate > alignment; ++i, candidate -= alignment) {
    void* mapped = map_at(candidate, size, MAP_FIXED_NOREPLACE);
    if (mapped == nullptr) {
      continue;
    }
    if (reinterpret_cast<std::uintptr_t>(mapped) == candidate) {
      return mapped;
    }
    unmap_pages(mapped, size);  // a kernel older than 4.17 takes the address for a mere hint
  }
  return nullptr;
}

}  // namespace

void* map_pages(std::size_t size) noexcept { return map_at(0, size, 0); }

void* map_aligned(std::size_t size, std::size_t alignment) noexcept {
  const std::size_t with_slack = size + alignment - page_size;
  void* mapped = with_slack < size ? nullptr : map_at(0, with_slack, 0);
  if (mapped == nullptr) {
    return map_aligned_exactly(size, alignment);
  }
  const auto start = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t aligned = (start + alignment - 1) & ~(static_cast<std::uintptr_t>(alignment) - 1);
  if (aligned > start) {
    unmap_pages(mapped, aligned - start);
  }
  const std::uintptr_t tail = aligned + size;
  if (start + with_slack > tail) {
    unmap_pages(reinterpret_cast<void*>(tail), start + with_slack - tail);
  }
  return reinterpret_cast<void*>(aligned);
}

std::size_t address_space_limit() noexcept {
  rlimit limit = {};
  const long result = system_call(SYS_prlimit64, 0, RLIMIT_AS, 0, reinterpret_cast<long>(&limit));
  return result != 0 || limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : limit.rlim_cur;
}

void set_page_locks(PageLocks wanted) noexcept { locks.store(wanted, std::memory_order_relaxed); }

PageLocks page_locks() noexcept { return locks.load(std::memory_order_relaxed); }

bool lock_like_programs(void* start, std::size_t size) noexcept {
  const PageLocks wanted = page_locks();
  return wanted == PageLocks::none || is_sandboxed() ||
         system_call(SYS_mlock2, reinterpret_cast<long>(start), size,
                     wanted == PageLocks::on_touch ? MLOCK_ONFAULT : 0) == 0;
}

void unmap_pages(void* start, std::size_t size) noexcept {
  system_call(SYS_munmap, reinterpret_cast<long>(start), size);
}

bool purge_pages(void* start, std::size_t size) noexcept {
  if (is_sandboxed()) {  // which may forbid madvise
    return map_at(reinterpret_cast<std::uintptr_t>(start), size, MAP_FIXED) == start;
  }
  return system_call(SYS_madvise, reinterpret_cast<long>(start), size, MADV_DONTNEED) == 0;
}

void forbid_pages(void* start, std::size_t size) noexcept {
  system_call(SYS_mprotect, reinterpret_cast<long>(start), size, PROT_NONE);
  system_call(SYS_madvise, reinterpret_cast<long>(start), size, MADV_DONTNEED);
}

bool resize_pages_in_place(void* start, std::size_t old_size, std::size_t new_size) noexcept {
  return system_call(SYS_mremap, reinterpret_cast<long>(start), old_size, new_size, 0, 0) ==
         reinterpret_cast<long>(start);
}

bool move_pages(void* start, std::size_t old_size, void* target, std::size_t new_size) noexcept {
  return system_call(SYS_mremap, reinterpret_cast<long>(start), old_size, new_size,
                     MREMAP_MAYMOVE | MREMAP_FIXED,
                     reinterpret_cast<long>(target)) == reinterpret_cast<long>(target);
}

}  // namespace ar::platform
