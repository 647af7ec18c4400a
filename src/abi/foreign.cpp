#include "abi/foreign.hpp"

#include <dlfcn.h>

#include <cerrno>
#include <cstring>

#include "abi/misuse.hpp"
#include "platform/anonymous_memory.hpp"

// Absent in a fully static program, where ours is the only allocator.
extern "C" [[gnu::weak]] void* dlsym(void* handle, const char* name) noexcept;

namespace ar::abi {

namespace {

// A pointer that is no block of ours can still be one of the C library's heap (made before this heap served,
// or by its internal names). Such blocks lie in anonymous memory; what points elsewhere is a mistake.
bool may_be_the_c_library_s(const void* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0 &&
         platform::is_anonymous_memory(reinterpret_cast<std::uintptr_t>(pointer));
}

// The C library's own function of that name, which lies behind ours. Null if there is none.
template <typename Function>
Function* of_c_library(const char* name) noexcept {
  return &dlsym == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void free_foreign(void* pointer, std::uintptr_t caller) noexcept {
  auto* const free_there =
      may_be_the_c_library_s(pointer) ? of_c_library<void(void*)>("__libc_free") : nullptr;
  if (free_there == nullptr) {
    report_not_a_block(pointer, caller);
  } else if (!report_if_owned(pointer, caller)) {
    free_there(pointer);
  }
}

void* resize_foreign(void* pointer, std::size_t size, std::uintptr_t caller) noexcept {
  auto* const resize_there =
      may_be_the_c_library_s(pointer) ? of_c_library<void*(void*, std::size_t)>("__libc_realloc") : nullptr;
  if (resize_there == nullptr) {
    report_not_a_block(pointer, caller);
    return nullptr;
  }
  return report_if_owned(pointer, caller) ? nullptr : resize_there(pointer, size);
}

std::size_t usable_size_of_foreign(void* pointer) noexcept {
  auto* const size_there = pointer != nullptr && may_be_the_c_library_s(pointer)
                               ? of_c_library<std::size_t(void*)>("malloc_usable_size")
                               : nullptr;
  return size_there == nullptr ? 0 : size_there(pointer);
}

}  // namespace ar::abi
