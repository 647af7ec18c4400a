#include "general_purpose/directory.hpp"

namespace ar::general_purpose {

namespace {

constexpr std::size_t first_entries = 64;
constexpr std::uintptr_t removed = 1;

constexpr std::size_t directory_size(std::size_t entries) noexcept {
  return sizeof(Directory) + entries * sizeof(DirectoryEntry);
}

void enter(Directory& directory, std::uintptr_t slice, Page* page) noexcept {
  std::size_t i = slice_hash(slice);
  while (directory.entries()[i & directory.mask].slice > removed) {
    ++i;
  }
  DirectoryEntry& entry = directory.entries()[i & directory.mask];
  directory.occupied += entry.slice == 0 ? 1 : 0;
  ++directory.entered;
  platform::publish(entry.page, page);
  platform::publish(entry.slice, slice);
}

// Room for `more` entries, so that at most half are occupied.
bool make_room(State& state, std::size_t more) noexcept {
  Directory* old = state.directory;
  if (old != nullptr && (old->occupied + more) * 2 <= old->mask + 1) {
    return true;
  }
  std::size_t entries = first_entries;
  while (entries < ((old == nullptr ? 0 : old->entered) + more) * 4) {
    entries *= 2;
  }
  auto* made = static_cast<Directory*>(take_own(state, directory_size(entries)));
  if (made == nullptr) {
    return false;
  }
  made->mask = entries - 1;
  made->older = old;
  for (std::size_t i = 0; old != nullptr && i <= old->mask; ++i) {
    if (old->entries()[i].slice > removed) {
      enter(*made, old->entries()[i].slice, old->entries()[i].page);
    }
  }
  platform::publish(state.directory, made);
  return true;
}

}  // namespace

bool enter_page(State& state, Page* page) noexcept {
  if (!make_room(state, page->slice_count)) {
    return false;
  }
  for (std::size_t i = 0; i < page->slice_count; ++i) {
    enter(*state.directory, (page->start >> heap::slice_shift) + i, page);
  }
  return true;
}

void remove_page(State& state, const Page* page) noexcept {
  Directory& directory = *state.directory;
  for (std::size_t slice = 0; slice < page->slice_count; ++slice) {
    std::size_t i = slice_hash((page->start >> heap::slice_shift) + slice);
    while (directory.entries()[i & directory.mask].slice != (page->start >> heap::slice_shift) + slice) {
      ++i;
    }
    platform::publish(directory.entries()[i & directory.mask].slice, removed);
    --directory.entered;
  }
}

void release_directory(State& state) noexcept {
  Directory* directory = state.directory;
  platform::publish(state.directory, nullptr);
  while (directory != nullptr) {
    Directory* older = directory->older;
    give_own(state, directory, directory_size(directory->mask + 1));
    directory = older;
  }
}

}  // namespace ar::general_purpose
