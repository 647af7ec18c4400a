#include "platform/process_word.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstdint>
#include <cstring>
#include <ctime>

#include "platform/hash.hpp"
#include "platform/memory_reader.hpp"
#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

struct Word {
  std::uint64_t mark;  // written last
  const void* value;
};
constexpr std::uint64_t mark_of_ours = 0x41b2'9c5e'70d3'86f1;

// Where neither the kernel, by itself, nor a sanitizer maps anything.
#if defined(__x86_64__)
constexpr std::uintptr_t range_start = 0x5100'0000'0000;
constexpr std::uintptr_t range_size = 0x0100'0000'0000;
#else
constexpr std::uintptr_t range_start = 0x0030'0000'0000;  // aarch64 may have 39 bits of addresses
constexpr std::uintptr_t range_size = 0x0004'0000'0000;
#endif
constexpr std::uintptr_t largest_page = std::uintptr_t{64} << 10U;

// 0 if the kernel gives no random bytes.
std::uintptr_t word_address() noexcept {
  const auto* const random = reinterpret_cast<const void*>(getauxval(AT_RANDOM));
  if (random == nullptr) {
    return 0;
  }
  std::uint64_t words[2];
  std::memcpy(words, random, sizeof words);
  return range_start + round_down(mix(words[0] ^ spread(words[1])) % range_size, largest_page);
}

bool read_word(const MemoryReader& reader, std::uintptr_t address, Word& word) noexcept {
  return reader.read(address, &word, sizeof word) == sizeof word;
}

}  // namespace

const void* process_word() noexcept {
  const std::uintptr_t address = word_address();
  if (address == 0) {
    return nullptr;
  }
  const MemoryReader reader;
  Word word{};
  // Zeros: another copy has just mapped it and is about to write.
  constexpr int most_waits = 20;
  for (int waits = 0; read_word(reader, address, word); ++waits) {
    if (word.mark != 0 || waits == most_waits) {
      return word.mark == mark_of_ours ? word.value : nullptr;
    }
    const timespec pause{0, 1000000};
    system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
  }
  return nullptr;
}

const void* claim_process_word(const void* value) noexcept {
  const std::uintptr_t address = word_address();
  if (address == 0) {
    return value;
  }
  const long mapped = system_call(SYS_mmap, address, page_size, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (static_cast<std::uintptr_t>(mapped) == address) {
    auto* const word = reinterpret_cast<Word*>(address);
    word->value = value;
    __atomic_store_n(&word->mark, mark_of_ours, __ATOMIC_RELEASE);
    return value;
  }
  if (mapped > 0) {
    unmap_pages(reinterpret_cast<void*>(mapped), page_size);  // a kernel older than 4.17: a mere hint
  } else if (mapped != -EEXIST) {
    return value;
  }
  const void* const there = process_word();
  return there == nullptr ? value : there;
}

}  // namespace ar::platform
