#include "track/region/region.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstring>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::track {

constinit char* region_base = nullptr;

namespace {

platform::Lock lock;

// The bound on a profile's size: addresses only, what is not used costs nothing.
constexpr std::size_t largest_capacity = std::size_t{256} << 20U;
constexpr std::size_t part_of_limit = 32;  // where addresses are limited, no more than such a part of them
constexpr std::size_t smallest_capacity = std::size_t{1} << 20U;
constexpr std::size_t commit_step = std::size_t{256} << 10U;

// Kept for counters when there is no more to be had, so that the sums stay right.
constexpr std::size_t reserve = std::size_t{96} << 10U;

std::size_t committed = 0;  // bytes from the start that are certain to be there
char file_path[1024];

long open_exclusively(const char* path) noexcept {
  return platform::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path),
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

char* append(char* out, const char* end, const char* text) noexcept {
  while (*text != '\0' && out < end) {
    *out++ = *text++;
  }
  return out;
}

char* append_number(char* out, const char* end, std::uint64_t value) noexcept {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0 && out < end) {
    *out++ = digits[--count];
  }
  return out;
}

// The n-th name that a file of this process's may have; false when it is too long.
bool write_name(const ProfilePath& place, unsigned n) noexcept {
  const char* const end = file_path + sizeof file_path - 1;
  const auto pid = static_cast<std::uint64_t>(platform::system_call(SYS_getpid));
  char* out = append(file_path, end, place.directory != nullptr ? place.directory : place.file);
  if (place.directory != nullptr) {
    out = append_number(append(out, end, "/"), end, pid);
    out = append_number(append(out, end, "."), end, n);
    out = append(out, end, ".profile");
  } else if (n != 0) {
    out = append_number(append(out, end, "."), end, pid);
    out = n == 1 ? out : append_number(append(out, end, "."), end, n - 1);
  }
  *out = '\0';
  return out < end;
}

// A new file of this process's; its descriptor, or negative.
int create_file(const ProfilePath& place) noexcept {
  constexpr unsigned most_images = 1000;  // successive exec images of one process
  for (unsigned image = 0; image < most_images; ++image) {
    if (!write_name(place, image)) {
      return -1;
    }
    const long descriptor = open_exclusively(file_path);
    if (descriptor != -EEXIST) {
      return static_cast<int>(descriptor);
    }
  }
  return -1;
}

char* map_file(int descriptor, std::size_t capacity) noexcept {
  const long mapped = platform::system_call(SYS_mmap, 0, capacity, PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_NORESERVE, descriptor, 0);
  return mapped < 0 && mapped > -4096 ? nullptr : reinterpret_cast<char*>(mapped);
}

// A file that grew beyond it would end the program, by SIGXFSZ.
bool is_within_file_limit(std::size_t size) noexcept {
  rlimit limit{};
  return platform::system_call(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, reinterpret_cast<long>(&limit)) == 0 &&
         size <= limit.rlim_cur;
}

// Space that the file system has promised: a write into the mapping can then not fail (which would be
// SIGBUS).
bool commit(std::size_t size) noexcept {
  if (size <= committed) {
    return true;
  }
  if (file_path[0] == '\0') {
    committed = size;
    return true;
  }
  if (!is_within_file_limit(size)) {
    return false;
  }
  const long descriptor = platform::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(file_path),
                                                O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
  if (descriptor < 0) {
    return false;
  }
  const long result = platform::system_call(SYS_fallocate, descriptor, 0, static_cast<long>(committed),
                                            static_cast<long>(size - committed));
  platform::system_call(SYS_close, descriptor);
  if (result != 0) {
    return false;
  }
  committed = size;
  return true;
}

// A file mapped for writing with its first step committed; null when that cannot be had.
char* open_file_region(const ProfilePath& place, std::size_t capacity) noexcept {
  const int descriptor = create_file(place);
  if (descriptor < 0) {
    file_path[0] = '\0';
    return nullptr;
  }
  committed = 0;
  char* base = commit(commit_step) ? map_file(descriptor, capacity) : nullptr;
  platform::system_call(SYS_close, descriptor);
  if (base == nullptr) {
    platform::system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(file_path), 0);
    file_path[0] = '\0';
  }
  return base;
}

void write_header(std::size_t capacity) noexcept {
  Header* const fresh = header();
  fresh->version = profile_version;
  fresh->header_size = sizeof(Header);
  fresh->capacity = capacity;
  fresh->used = platform::round_up(sizeof(Header), 64);
  __atomic_store_n(&fresh->magic, profile_magic, __ATOMIC_RELEASE);
}

}  // namespace

bool open_region(const ProfilePath& place) noexcept {
  std::size_t capacity = largest_capacity;
  while (capacity > smallest_capacity && capacity > platform::address_space_limit() / part_of_limit) {
    capacity /= 2;
  }
  for (; capacity >= smallest_capacity; capacity /= 2) {
    if (!place.is_nowhere()) {
      region_base = open_file_region(place, capacity);
    }
    if (region_base == nullptr) {
      region_base = static_cast<char*>(platform::map_pages(capacity));
    }
    if (region_base != nullptr) {
      write_header(capacity);
      return true;
    }
  }
  return false;
}

platform::Lock& region_lock() noexcept { return lock; }

bool region_has_file() noexcept { return file_path[0] != '\0'; }

void* allocate_in_region(std::size_t size, RegionUse use) noexcept {
  Header* const profile = header();
  const std::size_t rounded = platform::round_up(size, 8);
  const std::size_t needed = profile->used + rounded + (use == RegionUse::names ? reserve : 0);
  const bool is_there =
      needed <= committed || (needed <= profile->capacity && commit(platform::round_up(needed, commit_step)));
  if (!is_there) {
    __atomic_store_n(&profile->full, 1, __ATOMIC_RELAXED);
    return nullptr;
  }
  // In one step: in the child of a fork in a signal handler, the interrupted thread allocates in between.
  return region_base + __atomic_fetch_add(&profile->used, rounded, __ATOMIC_RELEASE);
}

void separate_region(const ProfilePath& place) noexcept {
  const std::size_t capacity = header()->capacity;
  const std::size_t used = header()->used;
  const bool was_file = file_path[0] != '\0';
  if (!was_file && place.is_nowhere()) {
    return;  // private memory is the child's own already
  }
  const std::size_t was_committed = committed;
  char* copy = place.is_nowhere() ? nullptr : open_file_region(place, capacity);
  if (copy != nullptr && !commit(platform::round_up(used, commit_step))) {
    platform::unmap_pages(copy, capacity);
    copy = nullptr;
  }
  if (copy == nullptr) {
    file_path[0] = '\0';
    committed = was_committed;
    copy = static_cast<char*>(platform::map_pages(capacity));
  }
  if (copy != nullptr) {
    std::memcpy(copy, region_base, used);
    if (platform::move_pages(copy, capacity, region_base, capacity)) {
      return;
    }
  }
  // No memory for a copy: what the child does must at least not reach the parent's profile.
  platform::system_call(SYS_mmap, reinterpret_cast<long>(region_base), capacity, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  file_path[0] = '\0';
  committed = capacity;
  write_header(capacity);
}

}  // namespace ar::track
