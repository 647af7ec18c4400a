#include "platform/anonymous_memory.hpp"

#include "platform/mappings.hpp"

namespace ar::platform {

namespace {

struct Search {
  std::uintptr_t address;
  bool is_anonymous;
};

// Returns false, which ends the search, at the first mapping that ends after the address.
bool look_at(const Mapping& mapping, void* context) noexcept {
  auto& search = *static_cast<Search*>(context);
  if (search.address >= mapping.end) {
    return true;
  }
  search.is_anonymous = search.address >= mapping.start && (mapping.kind == MappingKind::anonymous ||
                                                            mapping.kind == MappingKind::anonymous_huge);
  return false;
}

}  // namespace

bool is_anonymous_memory(std::uintptr_t address) noexcept {
  Search search{address, false};
  return for_each_mapping(look_at, &search) && search.is_anonymous;
}

}  // namespace ar::platform
