#include "abi/misuse.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "abi/serve.hpp"
#include "platform/text.hpp"
#include "track/track.hpp"
#include "track/tracker.hpp"

namespace ar::abi {

namespace {

constinit MismatchPolicy policy = MismatchPolicy::report;

// Pairs of places told already, each by its addresses and by its places in files. When it is full, nothing
// more is told; the count goes on.
constexpr std::size_t most_pairs = 2048;
std::atomic<std::uint64_t> told[most_pairs];

bool first_time(std::uint64_t one, std::uint64_t other) noexcept {
  const std::uint64_t pair = (one * 0x9e3779b97f4a7c15ULL + other) | 1U;
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
    case track::Family::none:
      break;
  }
  return "an unknown allocator";
}

const char* release_name(std::uint32_t families) noexcept {
  if (families == released_by_delete) {
    return "operator delete";
  }
  return families == released_by_delete_array ? "operator delete[]" : "free";
}

// "/usr/lib/libfoo.so+0x1234", one less than the return address so that it lies in the call.
void write_place(platform::TextWriter& out, const track::ModuleRecord* in, std::uintptr_t address) noexcept {
  if (in == nullptr) {
    out.hex(address);
  } else {
    out.text(track::text(in->path)).text("+").hex(address - 1 - in->load_bias);
  }
}

const track::ModuleRecord* module_at(std::uintptr_t address) noexcept {
  return address == 0 ? nullptr : track::module(track::module_of(address - 1));
}

void write_place(platform::TextWriter& out, std::uintptr_t address) noexcept {
  write_place(out, module_at(address), address);
}

void write_origin(platform::TextWriter& out, const track::OriginRecord* origin) noexcept {
  if (origin == nullptr) {
    out.text("an unknown place");
  } else if (origin->annotated != 0 && origin->address == 0) {
    out.text(track::text(origin->file)).text(":").number(origin->line);
  } else {
    // The module as it was then: it may be unloaded now, and others may be at its addresses.
    write_place(out, track::module(origin->module), origin->address);
  }
  if (origin != nullptr && origin->annotated != 0) {
    out.text(" (\"").text(track::text(origin->description)).text("\")");
  }
}

// The same for one place in a file, however often and wherever it is loaded.
std::uint64_t place_key(const track::ModuleRecord* in, std::uintptr_t address) noexcept {
  if (in == nullptr) {
    return address;
  }
  std::uint64_t build = 0;
  std::memcpy(&build, in->build_id, sizeof build);
  return (address - in->load_bias) * 0xff51afd7ed558ccdULL + in->path + build;
}

std::uint64_t origin_key(std::uint32_t index) noexcept {
  const track::OriginRecord* origin = track::origin(index);
  return origin == nullptr || origin->address == 0
             ? index
             : place_key(track::module(origin->module), origin->address) + origin->description;
}

bool is_new_pair(std::uint32_t origin, std::uintptr_t caller) noexcept {
  return first_time(origin, caller) && first_time(origin_key(origin), place_key(module_at(caller), caller));
}

void finish(platform::TextWriter& out) noexcept {
  out.text("\n");
  out.flush();
  if (policy == MismatchPolicy::abort) {
    std::abort();
  }
}

}  // namespace

void set_mismatch_policy(MismatchPolicy chosen) noexcept { policy = chosen; }

void report_mismatch(const void* pointer, std::uint64_t slot, std::uintptr_t caller,
                     std::uint32_t families) noexcept {
  track::note_mismatch();
  if (policy == MismatchPolicy::ignore || !is_new_pair(track::slot_origin(slot), caller)) {
    return;
  }
  platform::TextWriter out(STDERR_FILENO);
  out.text("arpent: mismatch: block ").hex(reinterpret_cast<std::uintptr_t>(pointer));
  out.text(" from ").text(allocator_name(track::slot_family(slot))).text(", allocated at ");
  write_origin(out, track::origin(track::slot_origin(slot)));
  out.text(", was released by ").text(release_name(families)).text(" at ");
  write_place(out, caller);
  finish(out);
}

void report_not_a_block(const void* pointer, std::uintptr_t caller) noexcept {
  track::note_mismatch();
  const heap::BlockInfo block = heap::find(pointer);
  const bool freed_before = block.place == heap::Place::freed && block.slot != 0;
  if (policy == MismatchPolicy::ignore || !first_time(freed_before ? block.slot : 0, caller)) {
    return;
  }
  platform::TextWriter out(STDERR_FILENO);
  out.text(freed_before ? "arpent: double free: " : "arpent: invalid free: ");
  out.hex(reinterpret_cast<std::uintptr_t>(pointer)).text(" released at ");
  write_place(out, caller);
  switch (block.place) {
    case heap::Place::freed:
      if (freed_before) {
        out.text(" was released before at ");
        write_place(out, track::freed_by(block.slot));
      } else {
        out.text(" was never allocated");
      }
      break;
    case heap::Place::interior:
      out.text(" lies ")
          .number(reinterpret_cast<std::uintptr_t>(pointer) - block.start)
          .text(" bytes inside a block of ");
      out.number(block.requested_size).text(" bytes, allocated at ");
      write_origin(out, track::origin(track::slot_origin(block.slot)));
      break;
    case heap::Place::unallocated:
      out.text(" is in memory of the heap that holds no block");
      break;
    case heap::Place::foreign:
    case heap::Place::live:
      out.text(" is not memory of the heap");
      break;
  }
  out.text("; ignored");
  finish(out);
}

bool settle_release(track::Released released, const void* pointer, std::uintptr_t caller,
                    std::uint32_t families) noexcept {
  if (released.kind == track::Release::not_a_block) {
    report_not_a_block(pointer, caller);
    return false;
  }
  report_mismatch(pointer, released.slot, caller, families);
  return true;
}

}  // namespace ar::abi
