#include "platform/thread_stacks.hpp"

#include "platform/pages.hpp"

namespace ar::platform {

#if defined(__x86_64__)

namespace {

// Enough of a descriptor to find what is looked for, in any version of glibc since 2.17: it has 2304 bytes.
constexpr std::size_t descriptor_words = 2304 / sizeof(std::uintptr_t);
constexpr std::size_t largest_descriptor = 16384;

struct Descriptor {
  std::uintptr_t words[descriptor_words];
};

bool read_descriptor(std::uintptr_t address, const MemoryReader& reader, Descriptor& descriptor) noexcept {
  return address % descriptor_alignment == 0 &&
         reader.read(address, descriptor.words, sizeof descriptor.words) == sizeof descriptor.words &&
         may_be_descriptor(address, descriptor.words);
}

bool is_whole_pages(std::uintptr_t value) noexcept { return value % page_size == 0; }

bool points_to(std::uintptr_t address, std::uintptr_t value, const MemoryReader& reader) noexcept {
  std::uintptr_t found = 0;
  return address % sizeof found == 0 && reader.read(address, &found, sizeof found) == sizeof found &&
         found == value;
}

}  // namespace

bool may_be_descriptor(std::uintptr_t address, const std::uintptr_t* words) noexcept {
  return words[0] == address && words[2] == address;  // tcb and self of the ABI's thread control block
}

bool stack_of_thread(std::uintptr_t thread_pointer, const MemoryReader& reader, ThreadStack& stack) noexcept {
  Descriptor descriptor;
  if (!read_descriptor(thread_pointer, reader, descriptor)) {
    return false;
  }
  // Three words in a row: the mapping's start, its size, and the size of the guard at its start. The
  // descriptor lies at its end.
  for (std::size_t i = descriptor_probe_words; i + 2 < descriptor_words; ++i) {
    const std::uintptr_t start = descriptor.words[i];
    const std::uintptr_t size = descriptor.words[i + 1];
    const std::uintptr_t guard = descriptor.words[i + 2];
    if (start != 0 && is_whole_pages(start) && is_whole_pages(size) && is_whole_pages(guard) &&
        guard < size && start < thread_pointer && size > thread_pointer - start &&
        size - (thread_pointer - start) <= largest_descriptor) {
      stack.start = start + guard;
      stack.top = thread_pointer;
      return stack.start < stack.top;
    }
  }
  return false;
}

bool is_listed_descriptor(std::uintptr_t address, const MemoryReader& reader) noexcept {
  Descriptor descriptor;
  if (!read_descriptor(address, reader, descriptor)) {
    return false;
  }
  // A node of a ring: next and previous, which point back to it.
  for (std::size_t i = descriptor_probe_words; i + 1 < descriptor_words; ++i) {
    const std::uintptr_t node = address + i * sizeof(std::uintptr_t);
    const std::uintptr_t next = descriptor.words[i];
    const std::uintptr_t previous = descriptor.words[i + 1];
    const bool elsewhere =
        next != 0 && previous != 0 && (next < address || next >= address + sizeof descriptor);
    if (elsewhere && points_to(next + sizeof(std::uintptr_t), node, reader) &&
        points_to(previous, node, reader)) {
      return true;
    }
  }
  return false;
}

#else

// Elsewhere the descriptor has no mark to know it by.
bool may_be_descriptor(std::uintptr_t, const std::uintptr_t*) noexcept { return false; }
bool stack_of_thread(std::uintptr_t, const MemoryReader&, ThreadStack&) noexcept { return false; }
bool is_listed_descriptor(std::uintptr_t, const MemoryReader&) noexcept { return false; }

#endif

}  // namespace ar::platform
