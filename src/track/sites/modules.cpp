#include "track/sites/modules.hpp"

#include <cstring>

#include "platform/loaded_module.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/region/strings.hpp"

namespace ar::track {

namespace {

constexpr std::uint32_t most_modules = 4096;
Offset module_offsets[most_modules];  // by index

bool same(const ModuleRecord& record, const platform::LoadedModule& loaded) noexcept {
  return record.unloaded == 0 && record.start == loaded.start && record.end == loaded.end &&
         record.load_bias == loaded.load_bias && record.build_id_size == loaded.build_id_size &&
         (loaded.build_id_size == 0 ||
          std::memcmp(build_id_of(record), loaded.build_id, loaded.build_id_size) == 0);
}

// Without room in the region, the module has none.
void write_build_id(ModuleRecord& record, const platform::LoadedModule& loaded) noexcept {
  if (loaded.build_id_size == 0) {
    return;
  }
  void* bytes = record.build_id;
  if (loaded.build_id_size > sizeof record.build_id) {
    bytes = allocate_in_region(loaded.build_id_size);
    if (bytes == nullptr) {
      return;
    }
    const Offset offset = offset_of(bytes);
    std::memcpy(record.build_id, &offset, sizeof offset);
  }
  std::memcpy(bytes, loaded.build_id, loaded.build_id_size);
  record.build_id_size = loaded.build_id_size;
}

std::uint32_t add_module(const platform::LoadedModule& loaded) noexcept {
  Header* profile = header();
  const std::uint32_t index = profile->module_count;
  auto* record =
      index < most_modules ? static_cast<ModuleRecord*>(allocate_in_region(sizeof(ModuleRecord))) : nullptr;
  if (record == nullptr) {
    return 0;
  }
  record->start = loaded.start;
  record->end = loaded.end;
  record->load_bias = loaded.load_bias;
  write_build_id(*record, loaded);
  char absolute[4096];
  record->path = intern_string(platform::module_path(loaded.path, absolute, sizeof absolute));
  const Offset offset = offset_of(record);
  Offset* link = index == 0 ? &profile->modules : &at<ModuleRecord>(module_offsets[index - 1])->next;
  module_offsets[index] = offset;
  __atomic_store_n(link, offset, __ATOMIC_RELEASE);
  __atomic_store_n(&profile->module_count, index + 1, __ATOMIC_RELEASE);
  return index + 1;
}

bool is_still_loaded(const ModuleRecord& record) noexcept {
  platform::LoadedModule loaded;
  return platform::find_loaded_module(record.start, loaded) && same(record, loaded);
}

}  // namespace

std::uint32_t intern_module(std::uintptr_t address) noexcept {
  platform::LoadedModule loaded;
  if (!platform::find_loaded_module(address, loaded)) {
    return 0;
  }
  for (std::uint32_t index = header()->module_count; index > 0; --index) {
    if (same(*at<ModuleRecord>(module_offsets[index - 1]), loaded)) {
      return index;
    }
  }
  return add_module(loaded);
}

const std::uint8_t* build_id_of(const ModuleRecord& record) noexcept {
  if (record.build_id_size <= sizeof record.build_id) {
    return record.build_id;
  }
  Offset offset = 0;
  std::memcpy(&offset, record.build_id, sizeof offset);
  return at<std::uint8_t>(offset);
}

const ModuleRecord* module(std::uint32_t index_plus_1) noexcept {
  const Header* profile = header();
  if (profile == nullptr || index_plus_1 == 0 ||
      index_plus_1 > __atomic_load_n(&profile->module_count, __ATOMIC_ACQUIRE)) {
    return nullptr;
  }
  return at<ModuleRecord>(module_offsets[index_plus_1 - 1]);
}

std::uint32_t module_of(std::uintptr_t address) noexcept {
  if (profile() == nullptr) {
    return 0;
  }
  for (std::uint32_t index = __atomic_load_n(&header()->module_count, __ATOMIC_ACQUIRE); index > 0; --index) {
    const auto* known = at<ModuleRecord>(module_offsets[index - 1]);
    if (known->unloaded == 0 && address >= known->start && address < known->end) {
      return index;
    }
  }
  // Not for ever: the thread that holds it may wait for a lock of the loader's that this one holds.
  if (region_lock().is_own() || !region_lock().lock_in_time()) {
    return 0;
  }
  const std::uint32_t index = intern_module(address);
  region_lock().unlock();
  return index;
}

bool mark_unloaded_modules() noexcept {
  bool some = false;
  for (std::uint32_t index = 0; index < header()->module_count; ++index) {
    auto* record = at<ModuleRecord>(module_offsets[index]);
    if (record->unloaded == 0 && !is_still_loaded(*record)) {
      __atomic_store_n(&record->unloaded, 1, __ATOMIC_RELAXED);
      some = true;
    }
  }
  return some;
}

}  // namespace ar::track
