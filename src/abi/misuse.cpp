#include "abi/misuse.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "abi/families.hpp"
#include "abi/message.hpp"
#include "leaks/runtime_modules.hpp"
#include "platform/hash.hpp"
#include "platform/loaded_module.hpp"
#include "platform/memory_reader.hpp"
#include "platform/text.hpp"
#include "track/owners.hpp"
#include "track/region/strings.hpp"
#include "track/sites/modules.hpp"
#include "track/sites/operators.hpp"
#include "track/sites/origins.hpp"
#include "track/tracker.hpp"

namespace ar::abi {

using platform::TextWriter;

namespace {

constinit MismatchPolicy policy = MismatchPolicy::report;

// Pairs of places told already, each by its addresses and by its places in files. When it is full, nothing
// more is told; the count goes on.
constexpr std::size_t most_pairs = 2048;
std::atomic<std::uint64_t> told[most_pairs];

bool first_time(std::uint64_t one, std::uint64_t other) noexcept {
  const std::uint64_t pair = (platform::spread(one) + other) | 1U;
  for (std::atomic<std::uint64_t>& place : told) {
    std::uint64_t seen = place.load(std::memory_order_relaxed);
    if (seen == pair) {
      return false;
    }
    if (seen == 0 && place.compare_exchange_strong(seen, pair, std::memory_order_relaxed)) {
      return true;
    }
    if (seen == pair) {
      return false;
    }
  }
  return false;
}

const char* allocator_name(track::Family family) noexcept {
  switch (family) {
    case track::Family::malloc_family:
      return "malloc";
    case track::Family::new_object:
      return "operator new";
    case track::Family::new_array:
      return "operator new[]";
    case track::Family::ar_heap:
      return "ar_heap";
    case track::Family::adopted:
    case track::Family::owned:
    case track::Family::none:
      break;
  }
  return "an unknown allocator";
}

const char* release_name(std::uint32_t families) noexcept {
  if (families == freed_by_delete) {
    return "operator delete";
  }
  return families == freed_by_delete_array ? "operator delete[]" : "free";
}

const track::ModuleRecord* module_at(std::uintptr_t address) noexcept {
  return address == 0 ? nullptr : track::module(track::module_of(address - 1));
}

void write_place(TextWriter& out, platform::Places places, std::uintptr_t address) noexcept {
  abi::write_place(out, places, address == 0 ? 0 : track::module_of(address - 1), address);
}

void write_origin(TextWriter& out, platform::Places places, const track::OriginRecord* origin) noexcept {
  if (origin == nullptr) {
    out.text(" at an unknown place");
  } else if (origin->annotated != 0 && origin->address == 0) {
    out.text(" at ").printable(track::text(origin->file)).text(":").number(origin->line);
  } else {
    // The module as it was then: it may be unloaded now, and others may be at its addresses.
    abi::write_place(out, places, origin->module, origin->address);
  }
  if (origin != nullptr && origin->annotated != 0) {
    out.text(" (\"").printable(track::text(origin->description)).text("\")");
  }
}

// The same for one place in a file, however often and wherever it is loaded.
std::uint64_t place_key(const track::ModuleRecord* in, std::uintptr_t address) noexcept {
  if (in == nullptr) {
    return address;
  }
  std::uint64_t build = 0;
  std::memcpy(&build, track::build_id_of(*in), sizeof build);
  return (address - in->load_bias) * 0xff51afd7ed558ccdULL + in->path + build;
}

// The same for one site, whatever stacks it was reached by.
std::uint64_t origin_key(std::uint32_t index) noexcept {
  const track::OriginRecord* origin = track::origin(index);
  if (origin == nullptr) {
    return index;
  }
  const std::uint64_t place = origin->address == 0
                                  ? origin->file * 0xff51afd7ed558ccdULL + origin->line
                                  : place_key(track::module(origin->module), origin->address);
  return platform::spread(place) + origin->description;
}

bool is_new_pair(std::uint32_t origin, std::uintptr_t caller) noexcept {
  return first_time(origin, caller) && first_time(origin_key(origin), place_key(module_at(caller), caller));
}

bool runtime_of_its_own = false;

bool is_own_code(std::uintptr_t address) noexcept {
  platform::LoadedModule module;
  const auto own = reinterpret_cast<std::uintptr_t>(&set_mismatch_policy);
  return platform::find_loaded_module(address, module) && own >= module.start && own < module.end;
}

// Whether the call that returns to the address is one to this library's free. What leads to another function
// may have come to free by a jump from there: `operator delete` often ends in one.
bool calls_free_itself(std::uintptr_t caller) noexcept {
#ifdef __x86_64__
  if (module_at(caller) == nullptr) {
    return false;
  }
  // The bytes may only look like a call, and lead anywhere.
  const platform::MemoryReader reader;
  const auto read = [&reader](std::uintptr_t from, auto& bytes) noexcept {
    return reader.read(from, &bytes, sizeof bytes) == sizeof bytes;
  };
  const auto has = [&read](std::uintptr_t from, const auto& code) noexcept {
    std::remove_cvref_t<decltype(code)> there;
    return read(from, there) && std::memcmp(&there, &code, sizeof code) == 0;
  };
  const auto relative = [&read](std::uintptr_t next) noexcept {
    std::int32_t distance = 0;
    return read(next - sizeof distance, distance)
               ? next + static_cast<std::uintptr_t>(std::intptr_t{distance})
               : 0;
  };
  const auto leads_to_own = [&read](std::uintptr_t entry) noexcept {
    std::uintptr_t function = 0;
    return read(entry, function) && is_own_code(function);
  };
  constexpr unsigned char indirect_call[] = {0xff, 0x15};  // call *entry(%rip)
  constexpr unsigned char direct_call[] = {0xe8};
  constexpr unsigned char landing_pad[] = {0xf3, 0x0f, 0x1e, 0xfa};
  constexpr unsigned char prefix[] = {0xf2};      // bnd
  constexpr unsigned char jump[] = {0xff, 0x25};  // jmp *entry(%rip)
  if (has(caller - 6, indirect_call)) {
    return leads_to_own(relative(caller));
  }
  if (!has(caller - 5, direct_call)) {
    return false;
  }
  std::uintptr_t target = relative(caller);
  if (is_own_code(target)) {
    return true;
  }
  target += has(target, landing_pad) ? sizeof landing_pad : 0;
  target += has(target, prefix) ? sizeof prefix : 0;
  return has(target, jump) && leads_to_own(relative(target + 6));
#else
  (void)caller;
  return false;
#endif
}

// Whether an `operator new` or `delete` that is not this library's has called malloc or free.
bool is_by_runtime(std::uint64_t slot, std::uintptr_t caller, std::uint32_t families) noexcept {
  const bool any_runtime = __atomic_load_n(&runtime_of_its_own, __ATOMIC_RELAXED);
  if (families == freed_by_free) {
    const track::ModuleRecord* const module = module_at(caller);
    return (any_runtime && module != nullptr && leaks::is_cpp_runtime(*module)) ||
           (track::some_module_defines_delete(any_runtime,
                                              reinterpret_cast<std::uintptr_t>(&set_mismatch_policy)) &&
            !calls_free_itself(caller));
  }
  const track::OriginRecord* const origin = track::origin(track::slot_origin(slot));
  const track::ModuleRecord* const module = origin == nullptr ? nullptr : track::module(origin->module);
  return module != nullptr && track::slot_family(slot) == track::Family::malloc_family &&
         ((any_runtime && leaks::is_cpp_runtime(*module)) ||
          track::is_in_operator_new(origin->module, origin->address - 1));
}

struct Mismatch {
  const void* pointer;
  std::uint64_t slot;
  std::uintptr_t caller;
  std::uint32_t families;
};

void write_mismatch(const void* context, TextWriter& out, platform::Places places) noexcept {
  const auto& misuse = *static_cast<const Mismatch*>(context);
  out.text("arpent: mismatch: block ").hex(reinterpret_cast<std::uintptr_t>(misuse.pointer));
  out.text(" from ").text(allocator_name(track::slot_family(misuse.slot))).text(", allocated");
  write_origin(out, places, track::origin(track::slot_origin(misuse.slot)));
  out.text(", was released by ").text(release_name(misuse.families));
  write_place(out, places, misuse.caller);
}

struct NotABlock {
  const void* pointer;
  std::uintptr_t caller;
  heap::BlockInfo block;
  bool freed_before;
};

void write_not_a_block(const void* context, TextWriter& out, platform::Places places) noexcept {
  const auto& misuse = *static_cast<const NotABlock*>(context);
  out.text(misuse.freed_before ? "arpent: double free: " : "arpent: invalid free: ");
  out.hex(reinterpret_cast<std::uintptr_t>(misuse.pointer)).text(", released");
  write_place(out, places, misuse.caller);
  switch (misuse.block.kind) {
    case heap::AddressKind::freed:
      if (misuse.freed_before) {
        out.text(", was released before");
        write_place(out, places, track::freed_by(misuse.block.slot));
      } else {
        out.text(", was never allocated");
      }
      break;
    case heap::AddressKind::interior:
      out.text(", lies ")
          .number(reinterpret_cast<std::uintptr_t>(misuse.pointer) - misuse.block.start)
          .text(" bytes inside a block of ");
      out.number(misuse.block.requested_size).text(" bytes, allocated");
      write_origin(out, places, track::origin(track::slot_origin(misuse.block.slot)));
      break;
    case heap::AddressKind::unallocated:
      out.text(", is in memory of the heap that holds no block");
      break;
    case heap::AddressKind::foreign:
    case heap::AddressKind::live:
      out.text(", is not memory of the heap");
      break;
  }
  out.text("; ignored");
}

const char* kind_name(track::OwnerKind kind) noexcept {
  switch (kind) {
    case track::OwnerKind::arena:
      return "an arena";
    case track::OwnerKind::buffer:
      return "a buffer";
    case track::OwnerKind::other:
      break;
  }
  return "an allocator";
}

void write_owner(TextWriter& out, platform::Places places, track::OwnerDescription owner) noexcept {
  out.text(kind_name(owner.kind)).text(" made");
  write_origin(out, places, track::origin(owner.made));
}

// A live block by whoever knows it, from " from " on.
void write_owned_block(TextWriter& out, platform::Places places, const track::OwnedBlock& block) noexcept {
  if (block.finder == nullptr) {
    write_owner(out, places, block.owner);
    out.text(", allocated");
    write_origin(out, places, track::origin(block.origin));
    return;
  }
  out.text(block.finder);
  if (block.description != nullptr) {
    out.text(" (\"").printable(block.description).text("\")");
  } else if (block.allocated_by != 0) {
    out.text(", allocated");
    write_place(out, places, block.allocated_by);
  }
}

// The same for blocks of one site.
std::uint64_t block_key(const track::OwnedBlock& block) noexcept {
  return block.finder == nullptr ? origin_key(block.origin) : block.allocated_by;
}

struct OwnedElsewhere {
  const void* pointer;
  std::uintptr_t caller;
  track::OwnedBlock block;
};

void write_owned_elsewhere(const void* context, TextWriter& out, platform::Places places) noexcept {
  const auto& misuse = *static_cast<const OwnedElsewhere*>(context);
  out.text("arpent: mismatch: block ").hex(reinterpret_cast<std::uintptr_t>(misuse.pointer)).text(" from ");
  write_owned_block(out, places, misuse.block);
  out.text(", was given to free, delete or realloc");
  write_place(out, places, misuse.caller);
  out.text("; ignored");
}

struct WrongOwner {
  const void* pointer;
  ReleasePlace place;
  track::OwnerDescription given_to;
  bool is_owned;
  track::OwnedBlock owned;
  heap::BlockInfo block;
};

void write_wrong_owner(const void* context, TextWriter& out, platform::Places places) noexcept {
  const auto& misuse = *static_cast<const WrongOwner*>(context);
  const bool is_known = misuse.is_owned || misuse.block.kind == heap::AddressKind::live;
  out.text(is_known ? "arpent: mismatch: block " : "arpent: invalid free: ");
  out.hex(reinterpret_cast<std::uintptr_t>(misuse.pointer));
  if (misuse.is_owned) {
    out.text(" from ");
    write_owned_block(out, places, misuse.owned);
  } else if (is_known) {
    out.text(" from ").text(allocator_name(track::slot_family(misuse.block.slot))).text(", allocated");
    write_origin(out, places, track::origin(track::slot_origin(misuse.block.slot)));
  } else {
    out.text(", whose block is not known");
  }
  out.text(", was given to ");
  write_owner(out, places, misuse.given_to);
  if (misuse.place.file != nullptr) {
    out.text(" at ")
        .printable(misuse.place.file)
        .text(":")
        .number(static_cast<std::uint64_t>(misuse.place.line));
  } else {
    write_place(out, places, misuse.place.caller);
  }
  out.text("; ignored");
}

void abort_if_wanted() noexcept {
  if (policy == MismatchPolicy::abort) {
    std::abort();
  }
}

}  // namespace

void allow_runtime_of_its_own() noexcept { __atomic_store_n(&runtime_of_its_own, true, __ATOMIC_RELAXED); }

void set_mismatch_policy(MismatchPolicy chosen) noexcept { policy = chosen; }

void report_mismatch(const void* pointer, std::uint64_t slot, std::uintptr_t caller,
                     std::uint32_t families) noexcept {
  if (is_by_runtime(slot, caller, families)) {
    return;
  }
  track::note_mismatch();
  if (policy == MismatchPolicy::ignore || !is_new_pair(track::slot_origin(slot), caller)) {
    return;
  }
  const Mismatch misuse = {pointer, slot, caller, families};
  print_message(&write_mismatch, &misuse);
  abort_if_wanted();
}

bool report_if_owned(const void* pointer, std::uintptr_t caller) noexcept {
  OwnedElsewhere misuse = {pointer, caller, {}};
  if (!track::find_owned(pointer, misuse.block)) {
    return false;
  }
  track::note_mismatch();
  if (policy != MismatchPolicy::ignore &&
      first_time(block_key(misuse.block), place_key(module_at(caller), caller))) {
    print_message(&write_owned_elsewhere, &misuse);
    abort_if_wanted();
  }
  return true;
}

void report_wrong_owner(const void* pointer, const ReleasePlace& place,
                        track::OwnerDescription given_to) noexcept {
  track::note_mismatch();
  WrongOwner misuse = {pointer, place, given_to, false, {}, heap::find(pointer)};
  misuse.is_owned = track::find_owned(pointer, misuse.owned);
  const std::uint64_t one = misuse.is_owned ? block_key(misuse.owned) : misuse.block.slot;
  if (policy != MismatchPolicy::ignore &&
      first_time(one, place_key(module_at(place.caller), place.caller) + static_cast<unsigned>(place.line) +
                          (std::uint64_t{given_to.made} << 32U))) {
    print_message(&write_wrong_owner, &misuse);
    abort_if_wanted();
  }
}

void report_not_a_block(const void* pointer, std::uintptr_t caller) noexcept {
  if (report_if_owned(pointer, caller)) {
    return;
  }
  track::note_mismatch();
  NotABlock misuse = {pointer, caller, heap::find(pointer), false};
  misuse.freed_before = misuse.block.kind == heap::AddressKind::freed && misuse.block.slot != 0;
  if (policy == MismatchPolicy::ignore || !first_time(misuse.freed_before ? misuse.block.slot : 0, caller)) {
    return;
  }
  print_message(&write_not_a_block, &misuse);
  abort_if_wanted();
}

}  // namespace ar::abi
