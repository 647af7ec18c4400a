// The C API of arpent/block_owner.h.
#include "arpent/block_owner.h"

#include "abi/caller.hpp"
#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "track/owners.hpp"

namespace {

using ar::track::Owner;

Owner* inner(ar_heap__owner* owner) noexcept { return reinterpret_cast<Owner*>(owner); }
const Owner* inner(const ar_heap__owner* owner) noexcept { return reinterpret_cast<const Owner*>(owner); }

static_assert(static_cast<int>(ar::track::OwnerKind::arena) == AR_HEAP_ARENA);
static_assert(static_cast<int>(ar::track::OwnerKind::buffer) == AR_HEAP_BUFFER);

ar::track::OwnerKind known_kind(int kind) noexcept {
  return kind == AR_HEAP_ARENA || kind == AR_HEAP_BUFFER ? static_cast<ar::track::OwnerKind>(kind)
                                                         : ar::track::OwnerKind::other;
}

static_assert(sizeof(ar_heap__owned_block) == sizeof(ar::track::FoundBlock));
static_assert(offsetof(ar_heap__owned_block, allocated_by) == offsetof(ar::track::FoundBlock, allocated_by));

ar::track::BlockFinder inner(ar_heap__block_finder finder) noexcept {
  return reinterpret_cast<ar::track::BlockFinder>(reinterpret_cast<void (*)()>(finder));
}

}  // namespace

ARPENT_EXPORT_C ar_heap__owner* ar_heap__owner_begin(int kind, const char* file, int line,
                                                     const char* desc) noexcept {
  return reinterpret_cast<ar_heap__owner*>(
      ar::abi::serving_copy().owner.begin(known_kind(kind), {file, desc, line, ARPENT_CALLER}));
}

ARPENT_EXPORT_C void ar_heap__owner_end(ar_heap__owner* owner) noexcept {
  ar::abi::serving_copy().owner.end(inner(owner));
}

ARPENT_EXPORT_C void ar_heap__owner_enter(ar_heap__owner* owner, const void* block, size_t size,
                                          const char* file, int line, const char* desc) noexcept {
  ar::abi::serving_copy().owner.enter(inner(owner), block, size, {file, desc, line, ARPENT_CALLER});
}

ARPENT_EXPORT_C void ar_heap__owner_resize(ar_heap__owner* owner, const void* block, size_t size) noexcept {
  ar::abi::serving_copy().owner.resize(inner(owner), block, size);
}

ARPENT_EXPORT_C uint32_t ar_heap__owner_leave(ar_heap__owner* owner, const void* block) noexcept {
  return ar::abi::serving_copy().owner.leave(inner(owner), block);
}

ARPENT_EXPORT_C void ar_heap__owner_return(ar_heap__owner* owner, const void* block, size_t size,
                                           uint32_t token) noexcept {
  ar::abi::serving_copy().owner.give_back(inner(owner), block, size, token);
}

ARPENT_EXPORT_C void ar_heap__owner_reject(ar_heap__owner* owner, const void* pointer, const char* file,
                                           int line) noexcept {
  ar::abi::serving_copy().owner.reject(inner(owner), pointer, file, line, ARPENT_CALLER);
}

ARPENT_EXPORT_C size_t ar_heap__owner_count(const ar_heap__owner* owner) noexcept {
  return ar::abi::serving_copy().owner.count(inner(owner));
}

ARPENT_EXPORT_C void ar_heap__owner_cut(ar_heap__owner* owner, size_t count) noexcept {
  ar::abi::serving_copy().owner.cut(inner(owner), count);
}

ARPENT_EXPORT_C void ar_heap__add_block_finder(ar_heap__block_finder finder, const char* name) noexcept {
  ar::abi::serving_copy().owner.add_finder(inner(finder), name);
}

ARPENT_EXPORT_C void ar_heap__remove_block_finder(ar_heap__block_finder finder) noexcept {
  ar::abi::serving_copy().owner.remove_finder(inner(finder));
}
