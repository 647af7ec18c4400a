#include "heap/second_words.hpp"

#include "heap/metadata.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

std::uint64_t* second_words_of(Page* page) noexcept {
  std::uint64_t* known = __atomic_load_n(&page->second_words, __ATOMIC_ACQUIRE);
  if (known != nullptr) {
    return known;
  }
  const std::size_t size = page->capacity * sizeof(std::uint64_t);
  auto* made = static_cast<std::uint64_t*>(allocate_metadata(size));
  if (made == nullptr) {
    return nullptr;
  }
  for (std::uint32_t i = 0; i < page->capacity; ++i) {
    platform::store_relaxed(made[i], 0);
  }
  // Two threads past their end may share a page.
  if (!__atomic_compare_exchange_n(&page->second_words, &known, made, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    free_metadata(made, size);
    return known;
  }
  return made;
}

}  // namespace ar::heap
