#include "track/sites/wrapper_frames.hpp"

#include <cstddef>
#include <cstring>

#include "platform/hash.hpp"
#include "platform/pages.hpp"
#include "platform/wrapper_names.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/sites/modules.hpp"
#include "track/sites/symbol_table.hpp"

namespace ar::track {

namespace {

enum class Verdict : std::uint64_t { unknown = 0, users = 1, wrapper = 2, wrapper_without_frame = 3 };

struct Wrapper {
  std::uint64_t start, end;
  bool keeps_frame;
};

struct ModuleWrappers {
  std::uint32_t module;  // index + 1
  std::uint32_t count;
  Wrapper* wrappers;
};

constexpr std::size_t most_modules = 256;
ModuleWrappers known_modules[most_modules];
std::size_t known_count = 0;

// Verdicts on return addresses, each address shifted left by two with the verdict below. Read without a lock.
constexpr unsigned cache_bits = 12;
std::uint64_t verdicts[1U << cache_bits];

std::uint64_t& cached(std::uintptr_t address) noexcept {
  return verdicts[platform::spread(address) >> (64U - cache_bits)];
}

bool is_wrapper(const char* name) noexcept {
  return platform::begins_with_one_of(name, platform::zig_allocator_names) ||
         platform::begins_with_one_of(name, platform::zig_library_names);
}

// Whether the function sets up a frame pointer first of all, so that it has one wherever it calls.
bool keeps_frame(std::uint64_t start) noexcept {
#ifdef __x86_64__
  constexpr unsigned char prologue[] = {0x55, 0x48, 0x89, 0xe5};  // push %rbp; mov %rsp,%rbp
  return std::memcmp(reinterpret_cast<const void*>(start), prologue, sizeof prologue) == 0;
#else
  (void)start;
  return false;  // elsewhere the frame record's place in the frame would have to be decoded
#endif
}

void count_wrapper(const Function& function, void* context) noexcept {
  *static_cast<std::size_t*>(context) += is_wrapper(function.name) ? 1 : 0;
}

void add_wrapper(const Function& function, void* context) noexcept {
  auto& found = *static_cast<ModuleWrappers*>(context);
  if (is_wrapper(function.name)) {
    found.wrappers[found.count++] = {function.start, function.end, keeps_frame(function.start)};
  }
}

ModuleWrappers wrappers_of(std::uint32_t index) noexcept {
  for (std::size_t i = 0; i < known_count; ++i) {
    if (known_modules[i].module == index) {
      return known_modules[i];
    }
  }
  ModuleWrappers found = {index, 0, nullptr};
  const ModuleRecord* const record = module(index);
  if (record == nullptr || known_count == most_modules) {
    return found;
  }
  std::size_t expected = 0;
  for_each_function(*record, &count_wrapper, &expected);
  if (expected != 0) {
    const std::size_t size = platform::round_up(expected * sizeof(Wrapper), platform::page_size);
    found.wrappers = static_cast<Wrapper*>(platform::map_pages(size));
  }
  if (found.wrappers != nullptr) {
    for_each_function(*record, &add_wrapper, &found);
  }
  known_modules[known_count++] = found;
  return found;
}

// The region's lock is held.
Verdict judge(std::uintptr_t address) noexcept {
  const std::uint32_t index = intern_module(address - 1);
  if (index == 0) {
    return Verdict::users;
  }
  const ModuleWrappers known = wrappers_of(index);
  for (std::uint32_t i = 0; i < known.count; ++i) {
    const Wrapper& wrapper = known.wrappers[i];
    if (address - 1 >= wrapper.start && address - 1 < wrapper.end) {
      return wrapper.keeps_frame ? Verdict::wrapper : Verdict::wrapper_without_frame;
    }
  }
  return Verdict::users;
}

Verdict verdict_on(std::uintptr_t address) noexcept {
  std::uint64_t& entry = cached(address);
  const std::uint64_t known = __atomic_load_n(&entry, __ATOMIC_RELAXED);
  if (known >> 2U == address) {
    return static_cast<Verdict>(known & 3U);
  }
  const platform::LockGuard guard(region_lock());
  const Verdict verdict = judge(address);
  __atomic_store_n(&entry, static_cast<std::uint64_t>(address) << 2U | static_cast<std::uint64_t>(verdict),
                   __ATOMIC_RELAXED);
  return verdict;
}

}  // namespace

std::uintptr_t past_wrappers(std::uintptr_t caller, const void* frame) noexcept {
  if (profile() == nullptr) {
    return 0;
  }
  constexpr int deepest = 64;
  const auto* record =
      static_cast<const std::uintptr_t*>(frame);  // the caller's frame, then the return address
  for (int depth = 0; depth < deepest; ++depth) {
    const Verdict verdict = verdict_on(caller);
    if (verdict == Verdict::users) {
      return caller;
    }
    const auto* const outer = reinterpret_cast<const std::uintptr_t*>(record[0]);
    if (verdict != Verdict::wrapper || outer <= record || record[0] % sizeof(std::uintptr_t) != 0) {
      return 0;
    }
    record = outer;
    caller = record[1];
  }
  return 0;
}

void forget_wrappers() noexcept {
  for (std::uint64_t& entry : verdicts) {
    __atomic_store_n(&entry, 0, __ATOMIC_RELAXED);
  }
}

}  // namespace ar::track
