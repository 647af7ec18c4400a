// The tree of stacks: each frame is a node of an address and its caller's node, kept once. Two stacks are the
// same if and only if their innermost nodes are.
//
// Nodes that are made one after the other lie side by side, and so does what is known of them, which the
// places of the table do not: so a caller tells the frame that it called last, and the first few that it ever
// called, and only then is the table asked. No lock is needed to look a node up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/hash.hpp"
#include "track/region/profile_layout.hpp"
#include "track/region/region.hpp"

namespace ar::track {

// What is known of a node beside its record. In memory that is not shared.
struct NodeFacts {
  std::uint64_t address;  // the record's, beside what is asked for next
  std::uint32_t tag;      // slot tag (slot.hpp) of its latest origin; 0: none yet
  NodeIndex callee;       // one of those that it calls, the latest looked for; 0: none yet
  NodeIndex listed;       // the first few of these are a list, which begins here; 0: none
  NodeIndex sibling;      // the next in the list that this one is in; 0: the last
};
[[gnu::visibility("hidden")]] extern constinit NodeFacts* node_facts;  // by node

// A hash table of indices by caller and address, which is replaced by one of twice the size when it is half
// full, and stays readable. Its places follow.
struct NodeTable {
  std::size_t mask;  // places less 1

  static constexpr NodeIndex removed = ~NodeIndex{0};  // of a module that has been unloaded
  [[nodiscard]] NodeIndex& at(std::size_t place) noexcept {
    return reinterpret_cast<NodeIndex*>(this + 1)[place & mask];
  }
};
[[gnu::visibility("hidden")]] extern constinit NodeTable* node_table;

[[nodiscard, gnu::always_inline]] inline std::size_t place_of_node(NodeIndex caller,
                                                                   std::uintptr_t address) noexcept {
  return platform::spread(address ^ static_cast<std::uint64_t>(caller) << 28U) >> 32U;
}

// index: of a node that there is
[[nodiscard, gnu::always_inline]] inline StackNodeRecord& node_record(NodeIndex index) noexcept {
  const std::uint32_t chunk = header()->node_chunks[index / nodes_per_chunk];
  return at<StackNodeRecord>(static_cast<Offset>(chunk) * 8)[index % nodes_per_chunk];
}

// False without memory.
bool open_nodes() noexcept;

// Asks the table, and adds the node if it is new: that takes the region's lock. 0 when there is no room.
[[nodiscard]] NodeIndex look_up_node(NodeIndex caller, std::uintptr_t address) noexcept;

[[nodiscard, gnu::always_inline]] inline NodeIndex intern_node(NodeIndex caller,
                                                               std::uintptr_t address) noexcept {
  const NodeIndex callee = __atomic_load_n(&node_facts[caller].callee, __ATOMIC_ACQUIRE);
  if (callee != 0 && node_facts[callee].address == address) [[likely]] {
    return callee;
  }
  return look_up_node(caller, address);
}

// The node, or null when there is none such.
[[nodiscard]] const StackNodeRecord* stack_node(NodeIndex index) noexcept;

// In a forked child: its origins are its own, the nodes remain. The caller holds the region's lock, as for
// the next.
void forget_node_tags() noexcept;

// No stack is ever again one of these nodes' that lie in modules marked as unloaded.
void close_unloaded_nodes() noexcept;

}  // namespace ar::track
