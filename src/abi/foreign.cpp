#include "abi/foreign.hpp"

#include <cerrno>
#include <cstring>

#include "abi/misuse.hpp"
#include "platform/anonymous_memory.hpp"

// The C library's own allocator. Absent in a fully static program, where ours is the only one.
extern "C" {
[[gnu::weak]] void __libc_free(void* pointer);
[[gnu::weak]] void* __libc_realloc(void* pointer, std::size_t size);
}

namespace ar::abi {

namespace {

// A pointer that is no block of ours can still be one of the C library's heap (made before this heap served,
// or by its internal names). Such blocks lie in anonymous memory; what points elsewhere is a mistake.
bool may_be_the_c_library_s(const void* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0 && &__libc_free != nullptr &&
         platform::is_anonymous_memory(reinterpret_cast<std::uintptr_t>(pointer));
}

}  // namespace

void free_foreign(void* pointer, std::uintptr_t caller) noexcept {
  if (!may_be_the_c_library_s(pointer)) {
    report_not_a_block(pointer, caller);
  } else if (!report_if_owned(pointer, caller)) {
    __libc_free(pointer);
  }
}

void* resize_foreign(void* pointer, std::size_t size, std::uintptr_t caller) noexcept {
  if (!may_be_the_c_library_s(pointer) || &__libc_realloc == nullptr) {
    report_not_a_block(pointer, caller);
    return nullptr;
  }
  return report_if_owned(pointer, caller) ? nullptr : __libc_realloc(pointer, size);
}

}  // namespace ar::abi
