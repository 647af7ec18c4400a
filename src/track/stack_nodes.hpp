// The tree of stacks: each frame is a node of an address and its caller's node, kept once. Two stacks are the
// same if and only if their innermost nodes are.
//
// A node is looked up without a lock: entries of the table are written once, the index last.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/profile_layout.hpp"

namespace ar::track {

struct NodeEntry {
  std::uint64_t address;  // 0: of a module that has been unloaded, matches nothing
  NodeIndex caller;
  NodeIndex index;  // 0: empty
};

// A table is replaced by one of twice the size when it is half full, and stays readable. Its entries follow.
struct NodeTable {
  std::size_t mask;  // entries less 1
  std::size_t reserved;

  [[nodiscard]] NodeEntry& entry(std::size_t place) noexcept {
    return reinterpret_cast<NodeEntry*>(this + 1)[place & mask];
  }
};

[[gnu::visibility("hidden")]] extern constinit NodeTable* node_table;

[[nodiscard, gnu::always_inline]] inline std::size_t place_of_node(NodeIndex caller,
                                                                   std::uintptr_t address) noexcept {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15ULL;  // 2^64 divided by the golden ratio
  return ((address ^ static_cast<std::uint64_t>(caller) << 28U) * spread) >> 32U;
}

// False without memory.
bool open_nodes() noexcept;

// 0 when there is no room. Takes the tracker's lock.
[[nodiscard]] NodeIndex add_node(NodeIndex caller, std::uintptr_t address) noexcept;

[[nodiscard, gnu::always_inline]] inline NodeIndex intern_node(NodeIndex caller,
                                                               std::uintptr_t address) noexcept {
  NodeTable* const table = __atomic_load_n(&node_table, __ATOMIC_ACQUIRE);
  for (std::size_t place = place_of_node(caller, address);; ++place) {
    const NodeEntry& entry = table->entry(place);
    const NodeIndex index = __atomic_load_n(&entry.index, __ATOMIC_ACQUIRE);
    if (index == 0) [[unlikely]] {
      return add_node(caller, address);
    }
    if (__atomic_load_n(&entry.address, __ATOMIC_RELAXED) == address && entry.caller == caller) {
      return index;
    }
  }
}

// The slot tag (slot.hpp) of the node's latest origin; 0: none yet. An array by node index, written under the
// tracker's lock.
[[gnu::visibility("hidden")]] extern constinit std::uint32_t* node_tags;

// The node, or null when there is none such.
[[nodiscard]] const StackNodeRecord* stack_node(NodeIndex index) noexcept;

// In a forked child: its origins are its own, the nodes remain. The caller holds the tracker's lock, as for
// the next.
void forget_node_tags() noexcept;

// No stack is ever again one of these nodes' that lie in modules marked as unloaded.
void close_unloaded_nodes() noexcept;

}  // namespace ar::track
