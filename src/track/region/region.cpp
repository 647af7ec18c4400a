#include "track/region/region.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::track {

constinit char* region_base = nullptr;

namespace {

platform::Lock lock;

constexpr std::size_t part_of_limit = 32;  // where addresses are limited, no more than such a part of them
constexpr std::size_t smallest_capacity = std::size_t{1} << 20U;
constexpr std::size_t commit_step = std::size_t{256} << 10U;

// Kept for counters when there is no more to be had, so that the sums stay right.
constexpr std::size_t reserve = std::size_t{96} << 10U;

std::size_t committed = 0;  // bytes from the start that are certain to be there
bool has_file = false;
std::size_t file_size = 0;
Untracked why_no_file = Untracked::not_so;

// Of an ancestor's file, as far as its notices; null if this process has a file, or no ancestor has one.
Header* ancestors_header = nullptr;
std::size_t ancestors_size = 0;

constexpr std::size_t longest_path = 1056;  // `arpent run` refuses names from which longer ones would be made
constexpr std::size_t longest_name = 257;   // one more than there can be shows that a name was cut

// A path below an open folder, or below the working directory. Returns a descriptor, or -errno.
long open_at(long folder, const char* path, int flags) noexcept {
  return platform::system_call(SYS_openat, folder, reinterpret_cast<long>(path),
                               flags | O_NOFOLLOW | O_CLOEXEC, 0600);
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

// Where the name begins in the path of a file; the path is absolute.
const char* name_in(const char* file) noexcept {
  const char* const slash = std::strrchr(file, '/');
  return slash == nullptr ? file : slash + 1;
}

// The folder that the profile goes to. Others may write to the folder that it lies in, and may have put a
// link in its place, which is refused. What happens to its path later does not matter.
long open_folder(const ProfilePath& place) noexcept {
  const char* const path = place.directory != nullptr ? place.directory : place.file;
  const std::size_t length =
      place.directory != nullptr ? std::strlen(path) : static_cast<std::size_t>(name_in(path) - path);
  char folder[longest_path];
  if (length >= sizeof folder) {
    return -ENAMETOOLONG;
  }
  std::memcpy(folder, path, length);
  // Without the last slash, which would have a link followed.
  folder[length > 1 && path[length - 1] == '/' ? length - 1 : length] = '\0';
  return open_at(AT_FDCWD, folder, O_PATH | O_DIRECTORY);
}

// The n-th name that a file of this process's may have; false when it is too long.
bool write_name(const ProfilePath& place, unsigned n, char (&name)[longest_name]) noexcept {
  const char* const end = name + sizeof name - 1;
  const auto pid = static_cast<std::uint64_t>(platform::system_call(SYS_getpid));
  char* out = name;
  if (place.directory != nullptr) {
    out = append_number(out, end, pid);
    out = append_number(append(out, end, "."), end, n);
    out = append(out, end, ".profile");
  } else {
    out = append(out, end, name_in(place.file));
    if (n != 0) {
      out = append_number(append(out, end, "."), end, pid);
      out = n == 1 ? out : append_number(append(out, end, "."), end, n - 1);
    }
  }
  *out = '\0';
  return out < end;
}

// A new file of this process's; its descriptor, or negative.
long create_file(long folder, const ProfilePath& place, char (&name)[longest_name]) noexcept {
  constexpr unsigned most_images = 1000;  // successive exec images of one process
  for (unsigned image = 0; image < most_images; ++image) {
    if (!write_name(place, image, name)) {
      return -ENAMETOOLONG;
    }
    const long descriptor = open_at(folder, name, O_RDWR | O_CREAT | O_EXCL);
    if (descriptor != -EEXIST) {
      return descriptor;
    }
  }
  return -EEXIST;
}

// Gives the file a second name, beside its folder (ProfilePath). Fails if that is taken.
void link_beside_folder(long folder, const char* name) noexcept {
  char beside[longest_name + sizeof "../"] = "../";
  std::memcpy(beside + 3, name, std::strlen(name) + 1);
  platform::system_call(SYS_linkat, folder, reinterpret_cast<long>(name), folder,
                        reinterpret_cast<long>(beside), 0);
}

char* map_file(int descriptor, std::size_t capacity) noexcept {
  const long mapped = platform::system_call(SYS_mmap, 0, capacity, PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_NORESERVE, descriptor, 0);
  return mapped < 0 && mapped > -4096 ? nullptr : reinterpret_cast<char*>(mapped);
}

// A file that grew beyond the limit would end the program, by SIGXFSZ.
std::size_t file_size_limit() noexcept {
  rlimit limit{};
  return platform::system_call(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, reinterpret_cast<long>(&limit)) == 0
             ? limit.rlim_cur
             : 0;
}

// Makes sure that writing to the mapping up to `size` cannot fail, which would be SIGBUS: on a full disk, or
// where somebody has cut the file short.
bool commit(char* base, std::size_t size) noexcept {
  if (size <= committed) {
    return true;
  }
  if (!has_file) {
    committed = size;
    return true;
  }
  if (size > file_size) {
    return false;
  }
  const auto start = reinterpret_cast<long>(base + committed);
  const std::size_t more = size - committed;
  if (platform::system_call(SYS_madvise, start, more, MADV_POPULATE_WRITE) != 0) {
    platform::system_call(SYS_madvise, start, more, MADV_REMOVE);  // the part that there was room for
    return false;
  }
  committed = size;
  return true;
}

// The first `needed` bytes of a file. On kernels older than 5.14, all that it will ever have.
bool commit_start(char* base, int descriptor, std::size_t needed) noexcept {
  committed = 0;
  if (commit(base, needed)) {
    return true;
  }
  constexpr std::size_t usual_start = std::size_t{16} << 20U;
  const std::size_t most_ahead = needed > usual_start ? needed : usual_start;
  for (std::size_t size = file_size < most_ahead ? file_size : most_ahead; size >= needed; size /= 2) {
    if (platform::system_call(SYS_fallocate, descriptor, 0, 0, static_cast<long>(size)) == 0) {
      committed = size;
      file_size = size;
      return true;
    }
  }
  return false;
}

// A file mapped for writing, with its first `needed` bytes committed; if that fails, null and no file. All of
// the file is there at once, sparse, and nothing opens it again: the program may remove it, put another one
// in its place, or lose the right to open it.
char* map_new_file(long folder, const ProfilePath& place, std::size_t capacity, std::size_t needed) noexcept {
  char name[longest_name];
  const long created = create_file(folder, place, name);
  if (created < 0) {
    why_no_file = created == -ENOSPC || created == -EDQUOT ? Untracked::no_space : Untracked::no_access;
    return nullptr;
  }
  const int descriptor = static_cast<int>(created);
  const std::size_t limit = file_size_limit();
  file_size = platform::round_down(limit < capacity ? limit : capacity, platform::page_size);
  has_file = true;
  char* base = platform::system_call(SYS_ftruncate, descriptor, file_size) == 0
                   ? map_file(descriptor, capacity)
                   : nullptr;
  why_no_file = file_size < needed ? Untracked::file_size_limit : Untracked::address_limit;
  if (base != nullptr && !commit_start(base, descriptor, needed)) {
    why_no_file = file_size < needed ? Untracked::file_size_limit : Untracked::no_space;
    platform::unmap_pages(base, capacity);
    base = nullptr;
  }
  platform::system_call(SYS_close, descriptor);
  if (base == nullptr) {
    platform::system_call(SYS_unlinkat, folder, reinterpret_cast<long>(name), 0);
    has_file = false;
  } else if (place.directory == nullptr && std::strcmp(name, name_in(place.file)) == 0) {
    link_beside_folder(folder, name);
  }
  return base;
}

char* open_file_region(const ProfilePath& place, std::size_t capacity, std::size_t needed) noexcept {
  const long folder = open_folder(place);
  if (folder < 0) {
    why_no_file = Untracked::no_access;
    return nullptr;
  }
  char* const base = map_new_file(folder, place, capacity, needed);
  platform::system_call(SYS_close, folder);
  return base;
}

void write_header(std::size_t capacity) noexcept {
  Header* const fresh = header();
  fresh->version = profile_version;
  fresh->header_size = sizeof(Header);
  fresh->capacity = capacity;
  fresh->used = platform::round_up(sizeof(Header), 64);
  fresh->notices = static_cast<std::uint32_t>(fresh->used / 8);
  fresh->used += notice_records * sizeof(NoticeRecord);
  __atomic_store_n(&fresh->magic, profile_magic, __ATOMIC_RELEASE);
}

}  // namespace

bool open_region(const ProfilePath& place) noexcept {
  std::size_t capacity = largest_region;  // addresses only: what is not used costs nothing
  while (capacity > smallest_capacity && capacity > platform::address_space_limit() / part_of_limit) {
    capacity /= 2;
  }
  for (; capacity >= smallest_capacity; capacity /= 2) {
    if (!place.is_nowhere()) {
      region_base = open_file_region(place, capacity, commit_step);
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

bool region_has_file() noexcept { return has_file; }

Untracked why_no_region_file() noexcept { return why_no_file; }

Header* header_for_notices() noexcept { return ancestors_header != nullptr ? ancestors_header : header(); }

void* allocate_in_region(std::size_t size, RegionUse use) noexcept {
  Header* const profile = header();
  const std::size_t rounded = platform::round_up(size, 8);
  const std::size_t needed = profile->used + rounded + (use == RegionUse::names ? reserve : 0);
  const bool is_there = needed <= committed || (needed <= profile->capacity &&
                                                commit(region_base, platform::round_up(needed, commit_step)));
  if (!is_there) {
    __atomic_store_n(&profile->full, 1, __ATOMIC_RELAXED);
    return nullptr;
  }
  // In one step: in the child of a fork in a signal handler, the interrupted thread allocates in between.
  return region_base + __atomic_fetch_add(&profile->used, rounded, __ATOMIC_RELEASE);
}

void commit_ahead() noexcept {
  constexpr std::size_t most_ahead = std::size_t{4} << 20U;
  const std::size_t wanted = platform::round_up(header()->used, commit_step) + most_ahead;
  while (committed < wanted && committed + commit_step <= header()->capacity &&
         commit(region_base, committed + commit_step)) {
  }
}

namespace {

struct Extent {
  std::uint64_t used;
  std::uint32_t origin_count, module_count, node_count;
};
Extent at_fork;

// Clears the chunk's records from `first` on, if there is such a chunk.
template <typename Record>
void clear_rest(Header& copy, Offset chunk, std::size_t first, std::size_t count) noexcept {
  if (chunk != 0) {
    auto* const records = reinterpret_cast<Record*>(reinterpret_cast<char*>(&copy) + chunk);
    std::memset(static_cast<void*>(records + first), 0, (count - first) * sizeof(Record));
  }
}

// What the parent's threads have added since the fork is not in the tables by which this process finds
// things, and its own additions will take the same place.
void cut_back(Header& copy, const Extent& to) noexcept {
  const auto is_later = [&](Offset offset) { return offset >= to.used; };
  const auto in_copy = [&](Offset offset) { return reinterpret_cast<char*>(&copy) + offset; };
  copy.used = to.used;
  copy.origin_count = to.origin_count;
  copy.module_count = to.module_count;
  copy.node_count = to.node_count;
  for (Offset& chunk : copy.origin_chunks) {
    chunk = is_later(chunk) ? 0 : chunk;
  }
  for (std::uint32_t& chunk : copy.node_chunks) {
    chunk = is_later(static_cast<Offset>(chunk) * 8) ? 0 : chunk;
  }
  Offset* link = &copy.modules;
  while (*link != 0 && !is_later(*link)) {
    link = &reinterpret_cast<ModuleRecord*>(in_copy(*link))->next;
  }
  *link = 0;
  link = &copy.moments;
  while (*link != 0 && !is_later(*link)) {
    link = &reinterpret_cast<MomentRecord*>(in_copy(*link))->next;
  }
  *link = 0;
  for (OriginIndex index = 1; index < to.origin_count; ++index) {
    char* const chunk = in_copy(copy.origin_chunks[index / origins_per_chunk]);
    reinterpret_cast<OriginRecord*>(chunk)[index % origins_per_chunk].histograms = 0;  // the parent's
  }
  if (to.origin_count < max_origins) {
    clear_rest<OriginRecord>(copy, copy.origin_chunks[to.origin_count / origins_per_chunk],
                             to.origin_count % origins_per_chunk, origins_per_chunk);
  }
  if (to.node_count < max_nodes) {
    clear_rest<StackNodeRecord>(copy, Offset{copy.node_chunks[to.node_count / nodes_per_chunk]} * 8,
                                to.node_count % nodes_per_chunk, nodes_per_chunk);
  }
}

// Maps the parent's profile a second time, as far as its notices: the first mapping is about to be replaced.
void keep_parents_header() noexcept {
  const std::size_t size = platform::round_up(
      Offset{header()->notices} * 8 + notice_records * sizeof(NoticeRecord), platform::page_size);
  // An old size of 0 leaves the old mapping in place.
  const long mapped =
      platform::system_call(SYS_mremap, reinterpret_cast<long>(region_base), 0, size, MREMAP_MAYMOVE);
  if (mapped >= 0 || mapped <= -4096) {
    ancestors_header = reinterpret_cast<Header*>(mapped);
    ancestors_size = size;
  }
}

void drop_ancestors_header() noexcept {
  if (ancestors_header != nullptr) {
    platform::unmap_pages(ancestors_header, ancestors_size);
    ancestors_header = nullptr;
  }
}

}  // namespace

void note_region_at_fork() noexcept {
  if (const Header* const now = header(); now != nullptr) {
    at_fork = {now->used, now->origin_count, now->module_count, now->node_count};
  }
}

void separate_region(const ProfilePath& place, void (*leave_notice)(Untracked) noexcept) noexcept {
  const std::size_t capacity = header()->capacity;
  const std::size_t used = at_fork.used;
  if (!has_file && place.is_nowhere()) {
    return;  // private memory is the child's own already
  }
  const std::size_t was_committed = committed;
  const bool parent_has_file = has_file;
  char* copy =
      place.is_nowhere() ? nullptr : open_file_region(place, capacity, platform::round_up(used, commit_step));
  if (copy != nullptr) {
    drop_ancestors_header();
  } else {
    if (!place.is_nowhere()) {
      if (parent_has_file) {
        keep_parents_header();
      }
      leave_notice(why_no_file);
    }
    has_file = false;
    committed = was_committed;
    copy = static_cast<char*>(platform::map_pages(capacity));
  }
  if (copy != nullptr) {
    std::memcpy(copy, region_base, used);
    cut_back(*reinterpret_cast<Header*>(copy), at_fork);
    if (platform::move_pages(copy, capacity, region_base, capacity)) {
      return;
    }
  }
  // No memory for a copy: what the child does must at least not reach the parent's profile.
  platform::system_call(SYS_mmap, reinterpret_cast<long>(region_base), capacity, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  has_file = false;
  committed = capacity;
  write_header(capacity);
}

}  // namespace ar::track
