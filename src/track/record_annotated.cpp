#include "track/record_annotated.hpp"

#include "heap/second_words.hpp"
#include "track/record.hpp"
#include "track/region/mode.hpp"
#include "track/stamp.hpp"
#include "track/threads/recorders.hpp"

namespace ar::track {

namespace {

void stamp_block(heap::Page* page, const void* block, std::uint64_t stamp) noexcept {
  if (std::uint64_t* words = heap::second_words_of(page); words != nullptr) {
    __atomic_store_n(&words[page->index_of(reinterpret_cast<std::uintptr_t>(block))], stamp,
                     __ATOMIC_RELAXED);
  }
}

}  // namespace

void record_annotated(heap::Page* page, void* block, std::size_t size, const AnnotatedSite& site,
                      Family family) noexcept {
  if (profile() == nullptr) {
    return;
  }
  with_recorder([&](Recorder& recorder) {
    record_allocation_at(recorder, page, block, size, find_annotated_site(recorder, site, family));
  });
  stamp_block(page, block, new_stamp());
}

void record_same_site(heap::Page* page, void* block, std::size_t size, std::uint64_t old_slot,
                      std::uint64_t old_stamp) noexcept {
  with_recorder([&](Recorder& recorder) {
    record_allocation_at(recorder, page, block, size,
                         {static_cast<std::uint32_t>(old_slot) & ~slot_sampled_bit,
                          counters_of(recorder, slot_origin(old_slot))});
  });
  stamp_block(page, block, old_stamp);
}

}  // namespace ar::track
