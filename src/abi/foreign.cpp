#include "abi/foreign.hpp"

#include <dlfcn.h>

#include <cerrno>
#include <cstring>

#include "abi/copies.hpp"
#include "abi/misuse.hpp"
#include "platform/anonymous_memory.hpp"

extern "C" {
// Absent in a fully static program, where ours is the only allocator.
[[gnu::weak]] void* dlopen(const char* path, int mode) noexcept(noexcept(::dlopen(nullptr, 0)));
[[gnu::weak]] void* dlsym(void* handle, const char* name) noexcept;

// This copy's own functions: their public names can lead to another's.
[[gnu::visibility("hidden")]] void arpent_own_free(void*);
[[gnu::visibility("hidden")]] void* arpent_own_realloc(void*, std::size_t);
[[gnu::visibility("hidden")]] std::size_t arpent_own_usable_size(void*);
}

namespace ar::abi {

namespace {

// A pointer that is no block of ours can still be one of another allocator's: of the one that serves the
// process, if this one does not, or of the C library's heap (made before this heap served, or by its internal
// names). Such blocks lie in anonymous memory; what points elsewhere is a mistake.
bool may_be_block_of_another(const void* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0 &&
         platform::is_anonymous_memory(reinterpret_cast<std::uintptr_t>(pointer));
}

// A function of the allocator that owns what is not ours: the one that serves the process's malloc or, if
// that is this library, the C library's behind it. Null if there is none.
template <typename Function>
class FunctionOfOwner {
 public:
  constexpr FunctionOfOwner(const char* name, const char* name_in_c_library) noexcept
      : name_(name), name_in_c_library_(name_in_c_library) {}

  [[nodiscard]] Function* find(const Function* own) noexcept {
    if (function_ == nullptr && &dlsym != nullptr && &dlopen != nullptr) {
      // The program's own look-up: in a plug-in that is bound deeply, RTLD_DEFAULT would find the plug-in's.
      void* const program = dlopen(nullptr, RTLD_LAZY);
      auto* found = reinterpret_cast<Function*>(dlsym(program, name_));
      if (found == own || found == nullptr) {
        found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_in_c_library_));
      }
      function_ = found;
    }
    return function_;
  }

 private:
  const char* name_;
  const char* name_in_c_library_;
  Function* function_ = nullptr;
};

using Free = void(void*);
using Realloc = void*(void*, std::size_t);
using UsableSize = std::size_t(void*);
constinit FunctionOfOwner<Free> owner_free{"free", "__libc_free"};
constinit FunctionOfOwner<Realloc> owner_realloc{"realloc", "__libc_realloc"};
constinit FunctionOfOwner<UsableSize> owner_usable_size{"malloc_usable_size", "malloc_usable_size"};

}  // namespace

void free_foreign(void* pointer, std::uintptr_t caller, std::uint32_t families) noexcept {
  if (const Calls* const other = other_copy(); other != nullptr) {
    other->free(pointer, caller, families);
    return;
  }
  Free* const free_there = may_be_block_of_another(pointer) ? owner_free.find(&arpent_own_free) : nullptr;
  if (free_there == nullptr) {
    report_not_a_block(pointer, caller);
  } else if (!report_if_owned(pointer, caller)) {
    free_there(pointer);
  }
}

void* resize_foreign(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                     std::uintptr_t caller) noexcept {
  if (const Calls* const other = other_copy(); other != nullptr) {
    return other->resize(pointer, size, annotated, caller);
  }
  Realloc* const resize_there =
      may_be_block_of_another(pointer) ? owner_realloc.find(&arpent_own_realloc) : nullptr;
  if (resize_there == nullptr) {
    report_not_a_block(pointer, caller);
    return nullptr;
  }
  return report_if_owned(pointer, caller) ? nullptr : resize_there(pointer, size);
}

std::size_t usable_size_of_foreign(void* pointer) noexcept {
  if (pointer == nullptr) {
    return 0;
  }
  if (const Calls* const other = other_copy(); other != nullptr) {
    return other->usable_size(pointer);
  }
  UsableSize* const size_there =
      may_be_block_of_another(pointer) ? owner_usable_size.find(&arpent_own_usable_size) : nullptr;
  return size_there == nullptr ? 0 : size_there(pointer);
}

}  // namespace ar::abi
