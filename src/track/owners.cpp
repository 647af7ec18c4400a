#include "track/owners.hpp"

#include "heap/metadata.hpp"
#include "platform/loaded_module.hpp"
#include "track/record_beside.hpp"
#include "track/region/mode.hpp"
#include "track/region/strings.hpp"
#include "track/sites/origins.hpp"

namespace ar::track {

namespace {

struct Entry {
  std::uintptr_t block;  // 0: it has left
  std::size_t size;
  OriginIndex origin;
};

constexpr std::size_t entries_per_part = 170;

// Of an owner's list, the latest part first. Of the heap's metadata, which the leak scan leaves out: being
// listed here must not make a block reachable.
struct Part {
  Part* before;
  Entry entries[entries_per_part];
};
static_assert(sizeof(Part) <= 4096);

}  // namespace

struct Owner {
  Owner* next;
  Owner* previous;
  Part* latest;
  std::size_t count;
  OriginIndex made;
  OwnerKind kind;
};

namespace {

platform::Lock lock;  // guards all that follows, and what it points to
Owner* owners = nullptr;

constexpr std::size_t most_finders = 16;
struct NamedFinder {
  BlockFinder find;
  const char* name;
  std::uintptr_t load_bias;  // of the module with its code
};
NamedFinder finders[most_finders];

std::uintptr_t load_bias_of(BlockFinder finder) noexcept {
  platform::LoadedModule in;
  return platform::find_loaded_module(reinterpret_cast<std::uintptr_t>(finder), in) ? in.load_bias : 1;
}
// Its library may have been closed without having taken it out.
bool is_loaded(const NamedFinder& finder) noexcept { return load_bias_of(finder.find) == finder.load_bias; }

Entry& last_entry(const Owner& owner) noexcept {
  return owner.latest->entries[(owner.count - 1) % entries_per_part];
}

// Null when there is no memory.
Entry* add_entry(Owner& owner) noexcept {
  if (owner.count % entries_per_part == 0) {
    auto* const part = static_cast<Part*>(heap::allocate_metadata(sizeof(Part)));
    if (part == nullptr) {
      return nullptr;
    }
    part->before = owner.latest;
    owner.latest = part;
  }
  ++owner.count;
  return &last_entry(owner);
}

void drop_last_entry(Owner& owner) noexcept {
  --owner.count;
  if (owner.count % entries_per_part == 0) {
    Part* const part = owner.latest;
    owner.latest = part->before;
    heap::free_metadata(part, sizeof(Part));
  }
}

// Null when there is none. The latest is looked at first: that is what an arena can free.
Entry* find_entry(const Owner& owner, std::uintptr_t block) noexcept {
  std::size_t in_part = owner.count == 0 ? 0 : (owner.count - 1) % entries_per_part + 1;
  for (Part* part = owner.latest; part != nullptr; part = part->before, in_part = entries_per_part) {
    for (std::size_t i = in_part; i-- > 0;) {
      if (part->entries[i].block == block) {
        return &part->entries[i];
      }
    }
  }
  return nullptr;
}

void cut(Owner& owner, std::size_t count) noexcept {
  while (owner.count > count) {
    const Entry& last = last_entry(owner);
    if (last.block != 0) {
      record_end(last.origin, last.size);
    }
    drop_last_entry(owner);
  }
}

std::uintptr_t address_of(const void* pointer) noexcept { return reinterpret_cast<std::uintptr_t>(pointer); }

OriginIndex record_owner(const AnnotatedSite& made) noexcept {
  const OriginIndex origin = intern_owner(made);
  record_start(origin, 0);
  return origin;
}

// After a fork the owner itself was inherited, too: what is entered from then on needs one of this process.
OriginIndex own_origin_of(Owner& owner) noexcept {
  if (!is_own(owner.made)) {
    const OriginRecord* const before = origin(owner.made);
    owner.made = record_owner({before == nullptr ? nullptr : text(before->file),
                               before == nullptr ? nullptr : text(before->description),
                               before == nullptr ? 0 : static_cast<int>(before->line),
                               before == nullptr ? 0 : before->address});
  }
  return owner.made;
}

}  // namespace

Owner* begin_owner(OwnerKind kind, const AnnotatedSite& made) noexcept {
  if (profile() == nullptr) {
    return nullptr;
  }
  const platform::LockGuard guard(lock);
  auto* const owner = static_cast<Owner*>(heap::allocate_metadata(sizeof(Owner)));
  if (owner == nullptr) {
    return nullptr;
  }
  *owner = {owners, nullptr, nullptr, 0, record_owner(made), kind};
  if (owners != nullptr) {
    owners->previous = owner;
  }
  owners = owner;
  return owner;
}

void end_owner(Owner* owner) noexcept {
  const platform::LockGuard guard(lock);
  cut(*owner, 0);
  record_end(owner->made, 0);
  (owner->previous != nullptr ? owner->previous->next : owners) = owner->next;
  if (owner->next != nullptr) {
    owner->next->previous = owner->previous;
  }
  heap::free_metadata(owner, sizeof(Owner));
}

void enter_owned(Owner* owner, const void* block, std::size_t size, AnnotatedSite site) noexcept {
  const platform::LockGuard guard(lock);
  Entry* const entry = add_entry(*owner);
  if (entry == nullptr) {
    return;
  }
  site.owner = own_origin_of(*owner);
  *entry = {address_of(block), size, slot_origin(record_start_at(site, size, Family::owned))};
}

OriginIndex leave_owned(Owner* owner, const void* block) noexcept {
  const platform::LockGuard guard(lock);
  Entry* const entry = find_entry(*owner, address_of(block));
  if (entry == nullptr) {
    return 0;
  }
  const OriginIndex origin = entry->origin;
  record_end(origin, entry->size);
  entry->block = 0;
  while (owner->count != 0 && last_entry(*owner).block == 0) {
    drop_last_entry(*owner);
  }
  return origin;
}

void return_owned(Owner* owner, const void* block, std::size_t size, OriginIndex origin) noexcept {
  const platform::LockGuard guard(lock);
  Entry* const entry = origin == 0 ? nullptr : add_entry(*owner);
  if (entry != nullptr) {
    *entry = {address_of(block), size, origin};
    undo_record_end(origin, size);
  }
}

void resize_owned(Owner* owner, const void* block, std::size_t size) noexcept {
  const platform::LockGuard guard(lock);
  if (Entry* const entry = find_entry(*owner, address_of(block)); entry != nullptr) {
    record_end(entry->origin, entry->size);
    record_start(entry->origin, size);
    entry->size = size;
  }
}

OwnerDescription description_of(const Owner* owner) noexcept { return {owner->kind, owner->made}; }

std::size_t count_owned(const Owner* owner) noexcept { return owner->count; }

void cut_owned(Owner* owner, std::size_t count) noexcept {
  const platform::LockGuard guard(lock);
  cut(*owner, count);
}

bool find_owned(const void* pointer, OwnedBlock& found) noexcept {
  NamedFinder asked[most_finders];
  if (!lock.lock_in_time()) {
    return false;
  }
  const Entry* entry = nullptr;
  for (const Owner* owner = owners; owner != nullptr && entry == nullptr; owner = owner->next) {
    entry = find_entry(*owner, address_of(pointer));
    if (entry != nullptr) {
      found = {{owner->kind, owner->made}, nullptr, entry->origin, nullptr, 0};
    }
  }
  for (std::size_t i = 0; i < most_finders; ++i) {
    asked[i] = finders[i];
  }
  lock.unlock();
  for (const NamedFinder& finder : asked) {
    FoundBlock block = {};
    if (entry == nullptr && finder.find != nullptr && is_loaded(finder) &&
        finder.find(pointer, &block) != 0) {
      found = {{OwnerKind::other, 0}, finder.name, 0, block.description, block.allocated_by};
      return true;
    }
  }
  return entry != nullptr;
}

void add_block_finder(BlockFinder finder, const char* name) noexcept {
  const platform::LockGuard guard(lock);
  for (NamedFinder& place : finders) {
    if (place.find == nullptr) {
      place = {finder, name, load_bias_of(finder)};
      return;
    }
  }
}

void remove_block_finder(BlockFinder finder) noexcept {
  const platform::LockGuard guard(lock);
  for (NamedFinder& place : finders) {
    if (place.find == finder) {
      place = {};
    }
  }
}

platform::Lock& owners_lock() noexcept { return lock; }

}  // namespace ar::track
