#include "track/sites/origins.hpp"

#include <cstring>
#include <initializer_list>

#include "platform/hash.hpp"
#include "platform/pages.hpp"
#include "platform/reserved_pages.hpp"
#include "track/region/region.hpp"
#include "track/region/strings.hpp"
#include "track/sites/modules.hpp"
#include "track/sites/stack_nodes.hpp"
#include "track/sites/wrapper_frames.hpp"

namespace ar::track {

namespace {

constexpr std::uint32_t table_size = max_origins * 2;

// Hash table of origin indices by site. 0: empty.
struct Entry {
  std::uint32_t hash;
  OriginIndex index;
};
Entry* table = nullptr;

// How many descriptions each annotated place has had, by a hash of file and line, or address: a collision
// only makes the cap come earlier.
constexpr std::uint32_t place_count = 4096;
std::uint16_t descriptions_at[place_count];

// Which descriptions of which places have been seen with any stack, by hash: a collision only makes the cap
// come later.
constexpr std::uint32_t text_count = std::uint32_t{1} << 17U;
std::uint64_t texts_seen[text_count / 64];

struct Site {
  std::uintptr_t address = 0;
  const char* file = nullptr;
  const char* description = nullptr;
  std::uint32_t line = 0;
  Family family = Family::none;
  NodeIndex stack = 0;
  OriginIndex owner = 0;  // see intern_annotation
};

const char* text_or_empty(const char* string) noexcept { return string == nullptr ? "" : string; }

std::uint64_t hash_of(const Site& site) noexcept {
  std::uint64_t hash = platform::mix(site.address ^ (static_cast<std::uint64_t>(site.family) << 56U));
  hash = platform::mix(hash + site.stack);
  hash = platform::mix(hash + site.owner);
  if (site.file != nullptr) {
    hash = hash_string(site.file, hash + site.line);
    hash = hash_string(text_or_empty(site.description), hash);
  }
  return hash;
}

bool matches(OriginIndex index, const Site& site) noexcept {
  const OriginRecord& record = *origin(index);
  if (record.owner != (site.owner == owner_itself ? index : site.owner) || record.address != site.address ||
      record.family != site.family || record.line != site.line || record.stack != site.stack) {
    return false;
  }
  if (site.file == nullptr) {
    const ModuleRecord* in = module(record.module);
    return record.annotated == 0 && (in == nullptr || in->unloaded == 0);
  }
  return record.annotated != 0 && std::strcmp(text(record.file), site.file) == 0 &&
         std::strcmp(text(record.description), text_or_empty(site.description)) == 0;
}

bool ends_with(const char* string, const char* ending) noexcept {
  const std::size_t length = std::strlen(string);
  const std::size_t ending_length = std::strlen(ending);
  return length >= ending_length && std::strcmp(string + length - ending_length, ending) == 0;
}

Language language_of(const char* file) noexcept {
  if (std::strcmp(file, "zig") == 0 || ends_with(file, ".zig")) {
    return Language::zig;
  }
  if (ends_with(file, ".c")) {
    return Language::c;
  }
  for (const char* ending : {".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".C", ".ipp", ".c++"}) {
    if (ends_with(file, ending)) {
      return Language::cpp;
    }
  }
  return Language::unknown;
}

// The next origin's record and index; null when the bound is met.
OriginRecord* new_record(OriginIndex& index) noexcept {
  Header* profile = header();
  index = profile->origin_count;
  if (index >= max_origins) {
    __atomic_store_n(&profile->full, 1, __ATOMIC_RELAXED);
    return nullptr;
  }
  Offset& chunk = profile->origin_chunks[index / origins_per_chunk];
  if (chunk == 0) {
    void* made = allocate_in_region(sizeof(OriginRecord) * origins_per_chunk);
    if (made == nullptr) {
      return nullptr;
    }
    __atomic_store_n(&chunk, offset_of(made), __ATOMIC_RELEASE);
  }
  return at<OriginRecord>(chunk) + index % origins_per_chunk;
}

// Where origins go for which there is no room; one a family, so that sums by family stay exact.
constexpr OriginIndex overflow_origin(Family family) noexcept { return 1 + static_cast<OriginIndex>(family); }
constexpr OriginIndex first_free_origin = 17;

OriginIndex add_origin(const Site& site, std::uint32_t place, std::uint32_t hash) noexcept {
  OriginIndex index = 0;
  OriginRecord* record = new_record(index);
  if (record == nullptr) {
    return overflow_origin(site.family);
  }
  record->address = site.address;
  record->line = site.line;
  record->family = site.family;
  record->stack = site.stack;
  record->owner = site.owner == owner_itself ? index : site.owner;
  if (site.address != 0) {
    record->module = intern_module(site.address - 1);
  }
  if (site.file != nullptr) {
    record->annotated = 1;
    record->file = intern_string(site.file);
    record->description = intern_string(text_or_empty(site.description));
    record->language = language_of(site.file);
    record->intentional =
        std::strstr(text_or_empty(site.description), intentional_leak_mark) != nullptr ? 1 : 0;
  }
  table[place] = {hash, index};
  __atomic_store_n(&header()->origin_count, index + 1, __ATOMIC_RELEASE);
  return index;
}

// Finds the site's origin, or 0 and the place in the table where it belongs.
OriginIndex look_up(const Site& site, std::uint32_t hash, std::uint32_t& place) noexcept {
  place = hash % table_size;
  while (table[place].index != 0) {
    if (table[place].hash == hash && is_own(table[place].index) && matches(table[place].index, site)) {
      return table[place].index;
    }
    place = place + 1 == table_size ? 0 : place + 1;
  }
  return 0;
}

OriginIndex intern(const Site& site) noexcept {
  const auto hash = static_cast<std::uint32_t>(hash_of(site));
  std::uint32_t place = 0;
  const OriginIndex known = look_up(site, hash, place);
  return known != 0 ? known : add_origin(site, place, hash);
}

bool is_new_text(const Site& site) noexcept {
  const std::uint64_t hash =
      hash_string(text_or_empty(site.description), hash_string(site.file, site.line + site.address)) %
      text_count;
  std::uint64_t& word = texts_seen[hash / 64];
  const std::uint64_t bit = std::uint64_t{1} << (hash % 64);
  const bool is_new = (word & bit) == 0;
  word |= bit;
  return is_new;
}

}  // namespace

bool open_origins(bool with_stacks) noexcept {
  if (table == nullptr) {
    table = static_cast<Entry*>(platform::reserve_pages(table_size * sizeof(Entry)));
  }
  if (table == nullptr || !open_strings() || (with_stacks && !open_nodes())) {
    return false;
  }
  header()->origin_count = first_free_origin;
  begin_own_origins();
  return header()->origin_count != 0;
}

void begin_own_origins() noexcept {
  Header* profile = header();
  const bool first = profile->origin_count <= first_free_origin;
  const OriginIndex start =
      first ? 0 : static_cast<OriginIndex>(platform::round_up(profile->origin_count, origins_per_chunk));
  profile->first_own_origin = start;
  if (!first) {
    profile->origin_count = start;
    forget_node_tags();
    return;
  }
  OriginIndex index = 0;
  OriginRecord* records = new_record(index);
  if (records == nullptr) {
    profile->origin_count = 0;
    return;
  }
  records -= index % origins_per_chunk;
  const Offset description = intern_string("sites beyond the bound on the profile's size");
  const Offset unrecorded = intern_string("allocated while recording was switched off");
  for (const Family family : {Family::malloc_family, Family::new_object, Family::new_array, Family::ar_heap,
                              Family::adopted, Family::owned}) {
    records[overflow_origin(family)].family = family;
    records[overflow_origin(family)].description = description;
    records[unrecorded_origin(family)].family = family;
    records[unrecorded_origin(family)].description = unrecorded;
    records[unrecorded_origin(family)].annotated = family == Family::ar_heap ? 1 : 0;
    records[overflow_origin(family)].annotated = family == Family::ar_heap ? 1 : 0;
  }
}

OriginIndex intern_address(std::uintptr_t caller, Family family) noexcept {
  Site site;
  site.address = caller;
  site.family = family;
  return intern(site);
}

OriginIndex intern_stack(NodeIndex stack, Family family) noexcept {
  const StackNodeRecord* const node = stack_node(stack);
  if (node == nullptr) {
    return overflow_origin(family);
  }
  Site site;
  site.address = node->address;
  site.family = family;
  site.stack = stack;
  const OriginIndex index = intern(site);
  __atomic_store_n(&node_facts[stack].tag, slot_tag(index, family), __ATOMIC_RELEASE);
  return index;
}

OriginIndex intern_annotation(const char* file, int line, const char* description, std::uintptr_t caller,
                              NodeIndex stack, Family family, OriginIndex owner) noexcept {
  Site site;
  site.address = caller;
  site.file = file == nullptr ? "unknown" : file;
  site.description = description;
  site.line = static_cast<std::uint32_t>(line);
  site.family = family;
  site.stack = stack;
  site.owner = owner;
  const auto hash = static_cast<std::uint32_t>(hash_of(site));
  std::uint32_t place = 0;
  if (const OriginIndex known = look_up(site, hash, place); known != 0) {
    return known;
  }
  std::uint16_t& descriptions =
      descriptions_at[hash_string(site.file, site.line + site.address) % place_count];
  if (descriptions < most_descriptions_a_site) {
    if (stack == 0 || is_new_text(site)) {
      ++descriptions;
    }
    return add_origin(site, place, hash);
  }
  __atomic_store_n(&header()->descriptions_capped, 1, __ATOMIC_RELAXED);
  site.description = std::strstr(text_or_empty(description), intentional_leak_mark) != nullptr
                         ? "(further descriptions of this site are not kept; INTENTIONAL_LEAK_FOR_TESTING)"
                         : "(further descriptions of this site are not kept)";
  return intern(site);
}

void close_unloaded_modules() noexcept {
  if (mark_unloaded_modules()) {
    close_unloaded_nodes();
  }
  forget_wrappers();
}

OriginRecord* origin(OriginIndex index) noexcept {
  const Header* profile = header();
  if (profile == nullptr || index == 0 ||
      index >= __atomic_load_n(&profile->origin_count, __ATOMIC_ACQUIRE)) {
    return nullptr;
  }
  const Offset chunk = __atomic_load_n(&profile->origin_chunks[index / origins_per_chunk], __ATOMIC_ACQUIRE);
  return chunk == 0 ? nullptr : at<OriginRecord>(chunk) + index % origins_per_chunk;
}

bool is_own(OriginIndex index) noexcept { return index >= header()->first_own_origin; }

}  // namespace ar::track
