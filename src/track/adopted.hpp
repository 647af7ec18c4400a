// Memory of the user's own (a pool, a mapping) that should appear in the report beside the heap's blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/look_up.hpp"
#include "platform/lock.hpp"

namespace ar::track {

// Enters [pointer, pointer + size). A pointer that is entered already gets the new size and description.
// False when tracking is off or there is no memory. The description is copied.
bool adopt(void* pointer, std::size_t size, const char* description, std::uintptr_t caller) noexcept;

// False when the pointer was not entered.
bool disown(void* pointer) noexcept;

// Calls visit for each as for a live block (slot, stamp, sizes). Takes no lock; looks at all places, so it is
// for reports, not for hot paths.
void for_each_adopted(heap::Visitor visit, void* context) noexcept;

platform::Lock& adopted_lock() noexcept;  // for fork

}  // namespace ar::track
