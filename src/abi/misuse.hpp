// Releases that are wrong in any build: named on standard error, once a pair of places.
#pragma once

#include <cstdint>

#include "heap/look_up.hpp"
#include "track/owners.hpp"
#include "track/region/slot.hpp"

namespace ar::abi {

// What ARPENT_MISMATCH says: ignore (count only), report (the default), abort (report, then abort()).
enum class MismatchPolicy : std::uint8_t { ignore, report, abort };
void set_mismatch_policy(MismatchPolicy policy) noexcept;

// A C++ runtime may not be bound to this library from now on: its `new` and `delete` then call malloc and
// free.
void allow_runtime_of_its_own() noexcept;

// A live block released by a function of another family.
void report_mismatch(const void* pointer, std::uint64_t slot, std::uintptr_t caller,
                     std::uint32_t families) noexcept;

// Says so when the pointer is a block of an allocator within the program (track/owners.hpp); else false.
[[nodiscard]] bool report_if_owned(const void* pointer, std::uintptr_t caller) noexcept;

// A pointer that an arena or a buffer was given to free, and which is none of its blocks.
struct ReleasePlace {
  const char* file;  // null: only the caller is known
  int line;
  std::uintptr_t caller;
};
void report_wrong_owner(const void* pointer, const ReleasePlace& place,
                        track::OwnerDescription given_to) noexcept;

// A pointer that is no live block: freed already, inside a block, or nowhere in the heap.
void report_not_a_block(const void* pointer, std::uintptr_t caller) noexcept;

}  // namespace ar::abi
