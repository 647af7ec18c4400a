#include "track/sites/stack_nodes.hpp"

#include "platform/lock.hpp"
#include "platform/pages.hpp"
#include "platform/reserved_pages.hpp"
#include "track/region/region.hpp"
#include "track/sites/modules.hpp"

namespace ar::track {

constinit NodeTable* node_table = nullptr;
constinit NodeFacts* node_facts = nullptr;

namespace {

constexpr std::size_t first_table_size = 4096;  // places

NodeTable* make_table(std::size_t size) noexcept {
  auto* table = static_cast<NodeTable*>(platform::map_pages(
      platform::round_up(sizeof(NodeTable) + size * sizeof(NodeIndex), platform::page_size)));
  if (table != nullptr) {
    table->mask = size - 1;
  }
  return table;
}

NodeIndex& empty_place(NodeTable& table, NodeIndex caller, std::uintptr_t address) noexcept {
  std::size_t place = place_of_node(caller, address);
  while (table.at(place) != 0) {
    ++place;
  }
  return table.at(place);
}

// 0 when it is not there.
NodeIndex find(NodeIndex caller, std::uintptr_t address) noexcept {
  NodeTable& table = *__atomic_load_n(&node_table, __ATOMIC_ACQUIRE);
  for (std::size_t place = place_of_node(caller, address);; ++place) {
    const NodeIndex index = __atomic_load_n(&table.at(place), __ATOMIC_ACQUIRE);
    if (index == 0) {
      return 0;
    }
    if (index != NodeTable::removed && node_facts[index].address == address &&
        node_record(index).caller == caller) {
      return index;
    }
  }
}

// As many callees of a node are in its list: it is walked in vain for the others.
constexpr unsigned most_listed = 4;

// 0 when it is not in the list.
NodeIndex find_listed(NodeIndex caller, std::uintptr_t address) noexcept {
  NodeIndex index = __atomic_load_n(&node_facts[caller].listed, __ATOMIC_ACQUIRE);
  while (index != 0 && node_facts[index].address != address) {
    index = __atomic_load_n(&node_facts[index].sibling, __ATOMIC_ACQUIRE);
  }
  return index;
}

// The caller holds the region's lock.
void add_to_list(NodeIndex caller, NodeIndex index) noexcept {
  unsigned count = 0;
  for (NodeIndex each = node_facts[caller].listed; each != 0; each = node_facts[each].sibling) {
    ++count;
  }
  if (count < most_listed) {
    node_facts[index].sibling = node_facts[caller].listed;
    __atomic_store_n(&node_facts[caller].listed, index, __ATOMIC_RELEASE);
  }
}

// The older table is not given back: somebody may be looking through it. All of them together are as large as
// the last.
bool make_room_in_table() noexcept {
  NodeTable& table = *node_table;
  if (header()->node_count < (table.mask + 1) / 2) {
    return true;
  }
  NodeTable* const larger = make_table((table.mask + 1) * 2);
  if (larger == nullptr) {
    return header()->node_count < table.mask;
  }
  for (std::size_t place = 0; place <= table.mask; ++place) {
    const NodeIndex index = table.at(place);
    if (index != 0 && index != NodeTable::removed) {
      empty_place(*larger, node_record(index).caller, node_record(index).address) = index;
    }
  }
  __atomic_store_n(&node_table, larger, __ATOMIC_RELEASE);
  return true;
}

// The next node's record; null when the bound is met.
StackNodeRecord* new_record() noexcept {
  const NodeIndex index = header()->node_count;
  if (index >= max_nodes) {
    __atomic_store_n(&header()->full, 1, __ATOMIC_RELAXED);
    return nullptr;
  }
  std::uint32_t& chunk = header()->node_chunks[index / nodes_per_chunk];
  if (chunk == 0) {
    void* const made = allocate_in_region(sizeof(StackNodeRecord) * nodes_per_chunk);
    if (made == nullptr) {
      return nullptr;
    }
    __atomic_store_n(&chunk, static_cast<std::uint32_t>(offset_of(made) / 8), __ATOMIC_RELEASE);
  }
  return at<StackNodeRecord>(static_cast<Offset>(chunk) * 8) + index % nodes_per_chunk;
}

// The caller holds the region's lock.
NodeIndex add_node(NodeIndex caller, std::uintptr_t address) noexcept {
  StackNodeRecord* const record = make_room_in_table() ? new_record() : nullptr;
  if (record == nullptr) {
    return 0;
  }
  const NodeIndex index = header()->node_count;
  record->address = address;
  node_facts[index].address = address;
  record->caller = caller;
  record->module = intern_module(address - 1);
  __atomic_store_n(&header()->node_count, index + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&empty_place(*node_table, caller, address), index, __ATOMIC_RELEASE);
  add_to_list(caller, index);
  return index;
}

}  // namespace

bool open_nodes() noexcept {
  if (node_table == nullptr || header()->node_count == 0) {
    node_table = make_table(first_table_size);
  }
  if (node_facts == nullptr || header()->node_count == 0) {
    node_facts = static_cast<NodeFacts*>(platform::reserve_pages(max_nodes * sizeof(NodeFacts)));
  }
  if (node_table == nullptr || node_facts == nullptr) {
    return false;
  }
  if (header()->node_count == 0) {
    header()->node_count = 1;  // 0 is none
  }
  return true;
}

NodeIndex look_up_node(NodeIndex caller, std::uintptr_t address) noexcept {
  NodeIndex index = find_listed(caller, address);
  if (index == 0) {
    index = find(caller, address);
  }
  if (index == 0) {
    const platform::LockGuard guard(region_lock());
    index = find(caller, address);  // somebody may have been faster
    if (index == 0) {
      index = add_node(caller, address);
    }
  }
  if (index != 0) {
    __atomic_store_n(&node_facts[caller].callee, index, __ATOMIC_RELEASE);
  }
  return index;
}

const StackNodeRecord* stack_node(NodeIndex index) noexcept {
  if (header() == nullptr || index == 0 ||
      index >= __atomic_load_n(&header()->node_count, __ATOMIC_ACQUIRE)) {
    return nullptr;
  }
  return &node_record(index);
}

void forget_node_tags() noexcept {
  for (NodeIndex index = 0; node_facts != nullptr && index < header()->node_count; ++index) {
    __atomic_store_n(&node_facts[index].tag, 0, __ATOMIC_RELAXED);
  }
}

void close_unloaded_nodes() noexcept {
  for (std::size_t place = 0; node_table != nullptr && place <= node_table->mask; ++place) {
    NodeIndex& index = node_table->at(place);
    if (index == 0 || index == NodeTable::removed) {
      continue;
    }
    const StackNodeRecord& node = node_record(index);
    const ModuleRecord* const in = module(node.module);
    if (in != nullptr && in->unloaded != 0) {
      __atomic_store_n(&index, NodeTable::removed, __ATOMIC_RELAXED);
      __atomic_store_n(&node_facts[node.caller].callee, 0, __ATOMIC_RELAXED);
      __atomic_store_n(&node_facts[node.caller].listed, 0, __ATOMIC_RELAXED);
    }
  }
}

}  // namespace ar::track
