#include "track/stack_nodes.hpp"

#include "platform/lock.hpp"
#include "platform/pages.hpp"
#include "track/modules.hpp"
#include "track/recorders.hpp"
#include "track/region.hpp"

namespace ar::track {

constinit NodeTable* node_table = nullptr;
constinit std::uint32_t* node_tags = nullptr;

namespace {

constexpr std::size_t first_table_size = 4096;  // entries

NodeTable* make_table(std::size_t size) noexcept {
  auto* table = static_cast<NodeTable*>(platform::map_pages(
      platform::round_up(sizeof(NodeTable) + size * sizeof(NodeEntry), platform::page_size)));
  if (table != nullptr) {
    table->mask = size - 1;
  }
  return table;
}

NodeEntry& empty_entry(NodeTable& table, NodeIndex caller, std::uintptr_t address) noexcept {
  std::size_t place = place_of_node(caller, address);
  while (table.entry(place).index != 0) {
    ++place;
  }
  return table.entry(place);
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
    const NodeEntry& entry = table.entry(place);
    if (entry.index != 0 && entry.address != 0) {
      empty_entry(*larger, entry.caller, entry.address) = entry;
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

}  // namespace

bool open_nodes() noexcept {
  if (node_table == nullptr || header()->node_count == 0) {
    node_table = make_table(first_table_size);
  }
  if (node_tags == nullptr) {
    node_tags = static_cast<std::uint32_t*>(platform::map_pages(max_nodes * sizeof(std::uint32_t)));
  }
  if (node_table == nullptr || node_tags == nullptr) {
    return false;
  }
  if (header()->node_count == 0) {
    header()->node_count = 1;  // 0 is none
  }
  return true;
}

NodeIndex add_node(NodeIndex caller, std::uintptr_t address) noexcept {
  const platform::LockGuard guard(tracker_lock());
  for (std::size_t place = place_of_node(caller, address);; ++place) {  // somebody may have been faster
    const NodeEntry& entry = node_table->entry(place);
    if (entry.index == 0) {
      break;
    }
    if (entry.address == address && entry.caller == caller) {
      return entry.index;
    }
  }
  StackNodeRecord* const record = make_room_in_table() ? new_record() : nullptr;
  if (record == nullptr) {
    return 0;
  }
  const NodeIndex index = header()->node_count;
  record->address = address;
  record->caller = caller;
  record->module = intern_module(address - 1);
  __atomic_store_n(&header()->node_count, index + 1, __ATOMIC_RELEASE);
  NodeEntry& entry = empty_entry(*node_table, caller, address);
  entry.caller = caller;
  __atomic_store_n(&entry.address, address, __ATOMIC_RELAXED);
  __atomic_store_n(&entry.index, index, __ATOMIC_RELEASE);
  return index;
}

const StackNodeRecord* stack_node(NodeIndex index) noexcept {
  if (header() == nullptr || index == 0 ||
      index >= __atomic_load_n(&header()->node_count, __ATOMIC_ACQUIRE)) {
    return nullptr;
  }
  return at<StackNodeRecord>(static_cast<Offset>(header()->node_chunks[index / nodes_per_chunk]) * 8) +
         index % nodes_per_chunk;
}

void forget_node_tags() noexcept {
  for (NodeIndex index = 0; node_tags != nullptr && index < header()->node_count; ++index) {
    node_tags[index] = 0;
  }
}

void close_unloaded_nodes() noexcept {
  for (std::size_t place = 0; node_table != nullptr && place <= node_table->mask; ++place) {
    NodeEntry& entry = node_table->entry(place);
    const StackNodeRecord* const node = entry.index == 0 ? nullptr : stack_node(entry.index);
    const ModuleRecord* const in = node == nullptr ? nullptr : module(node->module);
    if (in != nullptr && in->unloaded != 0) {
      __atomic_store_n(&entry.address, 0, __ATOMIC_RELAXED);
    }
  }
}

}  // namespace ar::track
