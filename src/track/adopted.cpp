#include "track/adopted.hpp"

#include "heap/metadata.hpp"
#include "platform/hash.hpp"
#include "platform/lock.hpp"
#include "track/record_beside.hpp"
#include "track/region/mode.hpp"
#include "track/stamp.hpp"

namespace ar::track {

namespace {

constexpr std::size_t most_entries = std::size_t{1} << 18U;  // only what is used costs memory

struct Entry {
  std::uintptr_t start;  // 0: never used; `removed`: free for reuse
  std::size_t size;
  std::uint64_t slot;
  std::uint64_t stamp;
};
constexpr std::uintptr_t removed = 1;

platform::Lock lock;
Entry* table = nullptr;
std::size_t used = 0;

std::size_t place_of(std::uintptr_t start) noexcept { return platform::mix(start) % most_entries; }

Entry* find_entry(std::uintptr_t start) noexcept {
  for (std::size_t place = place_of(start); table[place].start != 0; place = (place + 1) % most_entries) {
    if (table[place].start == start) {
      return &table[place];
    }
  }
  return nullptr;
}

Entry* add_entry(std::uintptr_t start) noexcept {
  std::size_t place = place_of(start);
  while (table[place].start != 0 && table[place].start != removed) {
    place = (place + 1) % most_entries;
  }
  if (table[place].start == 0) {
    if (used >= most_entries / 2) {
      return nullptr;
    }
    ++used;
  }
  return &table[place];
}

void leave(Entry& entry) noexcept {
  record_end(slot_origin(entry.slot), entry.size);
  __atomic_store_n(&entry.start, removed, __ATOMIC_RELEASE);
}

}  // namespace

bool adopt(void* pointer, std::size_t size, const char* description, std::uintptr_t caller) noexcept {
  if (profile() == nullptr) {
    return false;
  }
  const auto start = reinterpret_cast<std::uintptr_t>(pointer);
  const platform::LockGuard guard(lock);
  if (table == nullptr) {
    // Of the heap's metadata, which the leak scan leaves out: being listed here must not make a block
    // reachable.
    table = static_cast<Entry*>(heap::allocate_metadata(most_entries * sizeof(Entry)));
    if (table == nullptr) {
      return false;
    }
  }
  if (Entry* known = find_entry(start); known != nullptr) {
    leave(*known);
  }
  Entry* entry = add_entry(start);
  if (entry == nullptr) {
    return false;
  }
  const std::uint64_t stamp = new_stamp();
  const std::uint32_t tag = record_start_at({nullptr, description, 0, caller}, size, Family::adopted);
  entry->size = size;
  entry->slot = tag == 0 ? 0 : live_slot(tag, size);
  entry->stamp = stamp;
  __atomic_store_n(&entry->start, start, __ATOMIC_RELEASE);
  return true;
}

bool disown(void* pointer) noexcept {
  const platform::LockGuard guard(lock);
  Entry* entry = table == nullptr ? nullptr : find_entry(reinterpret_cast<std::uintptr_t>(pointer));
  if (entry == nullptr) {
    return false;
  }
  leave(*entry);
  return true;
}

void for_each_adopted(heap::Visitor visit, void* context) noexcept {
  for (std::size_t place = 0; table != nullptr && place < most_entries; ++place) {
    const std::uintptr_t start = __atomic_load_n(&table[place].start, __ATOMIC_ACQUIRE);
    if (start == 0 || start == removed) {
      continue;
    }
    heap::BlockInfo info;
    info.kind = heap::AddressKind::live;
    info.start = start;
    info.usable_size = table[place].size;
    info.requested_size = table[place].size;
    info.slot = table[place].slot;
    info.second_word = table[place].stamp;
    if (!visit(info, context)) {
      return;
    }
  }
}

platform::Lock& adopted_lock() noexcept { return lock; }

}  // namespace ar::track
