#include "platform/process_word.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <bit>
#include <cerrno>
#include <cstdint>
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

// The addresses where the word can be, in the order in which all copies try them. The kernel puts
// position-independent programs from two thirds of the address space upwards. The gibibyte from the last
// multiple of 4 GiB below that stays free, whatever the width of addresses, and lies in what every sanitizer
// leaves to programs, on x86-64 and on aarch64.
class Candidates {
 public:
  static constexpr unsigned count = 4;

  // From addresses that the kernel chooses for each process and that no program changes: of the random bytes
  // on the stack (the bytes themselves are no help, since Go's runtime clears them) and of the vDSO.
  Candidates() noexcept
      : on_stack_(getauxval(AT_RANDOM)), hash_(mix(on_stack_ ^ spread(getauxval(AT_SYSINFO_EHDR)))) {}

  [[nodiscard]] std::uintptr_t operator[](unsigned number) const noexcept {
    const std::uintptr_t space = std::bit_ceil(on_stack_);  // the stack is at its end
    const std::uintptr_t start = round_down(space / 3 * 2, std::uintptr_t{1} << 32U);
    return start + (hash_ >> (number * slot_bits)) % (1U << slot_bits) * largest_page;
  }

 private:
  static constexpr std::uintptr_t largest_page = std::uintptr_t{64} << 10U;
  static constexpr unsigned slot_bits = 14;

  std::uintptr_t on_stack_;
  std::uint64_t hash_;
};

// The word's value, null if the page there is not readable or not ours.
const void* value_at(const MemoryReader& reader, std::uintptr_t address) noexcept {
  Word word{};
  // Zeros: another copy has just mapped it and is about to write.
  constexpr int most_waits = 20;
  for (int waits = 0; reader.read(address, &word, sizeof word) == sizeof word; ++waits) {
    if (word.mark != 0 || waits == most_waits) {
      return word.mark == mark_of_ours ? word.value : nullptr;
    }
    const timespec pause{0, 1000000};
    system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
  }
  return nullptr;
}

}  // namespace

const void* process_word() noexcept {
  const Candidates candidates;
  const MemoryReader reader;
  for (unsigned i = 0; i < Candidates::count; ++i) {
    if (const void* const value = value_at(reader, candidates[i]); value != nullptr) {
      return value;
    }
  }
  return nullptr;
}

const void* claim_process_word(const void* value) noexcept {
  const Candidates candidates;
  for (unsigned i = 0; i < Candidates::count; ++i) {
    const std::uintptr_t address = candidates[i];
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
    if (const void* const there = value_at(MemoryReader(), address); there != nullptr) {
      return there;
    }
  }
  return value;
}

}  // namespace ar::platform
