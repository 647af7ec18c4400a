#include "abi/copies.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include <cstring>
#include <ctime>

#include "platform/loaded_module.hpp"
#include "platform/process_word.hpp"
#include "platform/shared_field.hpp"
#include "platform/system_call.hpp"
#include "platform/text.hpp"

extern "C" {
// Not there in a fully static program.
[[gnu::weak]] void* dlopen(const char* path, int mode) noexcept(noexcept(::dlopen(nullptr, 0)));

// The linker's, of the module that this copy is in.
[[gnu::weak, gnu::visibility("hidden")]] extern const ElfW(Ehdr) __ehdr_start;
[[gnu::weak, gnu::visibility("hidden")]] extern const ElfW(Dyn) arpent_dynamic[] __asm__("_DYNAMIC");
}

namespace ar::abi {

namespace {

constinit const Calls* serving = nullptr;  // null means that none is known yet

bool fits(const Calls& other) noexcept {
  return other.layout == own_calls.layout && std::strcmp(other.version, own_calls.version) == 0;
}

void write_copy(platform::TextWriter& out, const Calls& copy) noexcept {
  platform::LoadedModule in;
  char path[4096];
  out.text(copy.version).text(" in ");
  const bool is_found = platform::find_loaded_module(reinterpret_cast<std::uintptr_t>(&copy), in);
  out.printable(is_found ? platform::module_path(in.path, path, sizeof path) : "an unknown module");
}

[[noreturn, gnu::cold]] void refuse(const Calls& other) noexcept {
  static bool refused = false;
  if (__atomic_exchange_n(&refused, true, __ATOMIC_RELAXED)) {
    for (;;) {  // another thread is about to end the process
      const timespec pause{1, 0};
      platform::system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
    }
  }
  {
    platform::TextWriter out(2);
    out.text("arpent: two versions of Arpent are in this process, ");
    write_copy(out, other);
    out.text(" and ");
    write_copy(out, own_calls);
    out.text("; build both with the same version\n");
  }
  for (;;) {
    platform::system_call(SYS_exit_group, 1);
  }
}

const Calls* known() noexcept { return platform::load_relaxed(serving); }

// The copy that has claimed the process, null if none has.
const Calls* look() noexcept {
  return known() != nullptr ? known() : static_cast<const Calls*>(platform::process_word());
}

bool is_in_program() noexcept {
  constexpr std::uintptr_t page_mask = ~std::uintptr_t{4095};
  return &__ehdr_start == nullptr ||
         (getauxval(AT_PHDR) & page_mask) == (reinterpret_cast<std::uintptr_t>(&__ehdr_start) & page_mask);
}

bool stays_loaded() noexcept {
  if (arpent_dynamic == nullptr) {
    return true;
  }
  for (const ElfW(Dyn)* entry = arpent_dynamic; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_FLAGS_1) {
      return (entry->d_un.d_val & DF_1_NODELETE) != 0;
    }
  }
  return false;
}

}  // namespace

bool claim_process() noexcept {
  const auto* const first = static_cast<const Calls*>(platform::claim_process_word(&own_calls));
  if (first != &own_calls && !fits(*first)) {
    refuse(*first);
  }
  platform::store_relaxed(serving, first);
  return first == &own_calls;
}

bool is_other_copy_ready() noexcept {
  const Calls* const found = look();
  if (found == nullptr || !fits(*found)) {
    return false;
  }
  platform::store_relaxed(serving, found);
  return found != &own_calls;
}

const Calls* other_copy() noexcept {
  const Calls* const found = look();
  if (found == nullptr || found == &own_calls) {
    return nullptr;
  }
  if (!fits(*found)) {
    refuse(*found);
  }
  platform::store_relaxed(serving, found);
  return found;
}

const Calls& serving_copy() noexcept {
  const Calls* const other = other_copy();
  return other == nullptr ? own_calls : *other;
}

const Calls& known_copy() noexcept { return known() == nullptr ? own_calls : *known(); }

void keep_loaded() noexcept {
  if (is_in_program() || stays_loaded() || &dlopen == nullptr) {
    return;
  }
  platform::LoadedModule in;
  if (platform::find_loaded_module(reinterpret_cast<std::uintptr_t>(&own_calls), in) && in.path != nullptr) {
    (void)dlopen(in.path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

}  // namespace ar::abi
