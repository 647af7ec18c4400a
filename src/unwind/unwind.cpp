#include "unwind/unwind.hpp"

#include "platform/handler_code.hpp"
#include "platform/own_stack.hpp"

#ifdef __x86_64__
#include "unwind/full_walk.hpp"
#include "unwind/row_cache.hpp"
#include "unwind/stack_cache.hpp"
#include "unwind/walk.hpp"
#endif

namespace ar::unwind {

#ifdef __x86_64__

namespace {

[[gnu::noinline, gnu::cold]] std::size_t walk_slowly(const Context& from, std::uintptr_t* frames,
                                                     std::size_t most) noexcept {
  Registers registers;
  registers.set(register_rip, from.instruction);
  registers.set(register_rsp, from.stack_pointer);
  registers.set(register_rbp, from.frame_pointer);
  registers.set(register_rbx, from.rbx);
  registers.set(register_r12, from.r12);
  registers.set(register_r12 + 1, from.r13);
  registers.set(register_r12 + 2, from.r14);
  registers.set(register_r12 + 3, from.r15);
  return walk_with_all_registers(registers, frames, most);
}

}  // namespace

ARPENT_HANDLER_CODE std::size_t capture_from(const Context& from, std::uintptr_t* frames,
                                             std::size_t most) noexcept {
  std::size_t count = 0;
  Walk walk({.key = from.instruction + 1,
             .stack_pointer = from.stack_pointer,
             .frame_pointer = from.frame_pointer,
             .window = platform::window_at(from.stack_pointer)});
  if (!walk.run(frames, most, count)) [[unlikely]] {
    return walk_slowly(from, frames, most);
  }
  return count;
}

ARPENT_HANDLER_CODE std::size_t capture_from(const Context& from, std::uintptr_t* frames, std::size_t most,
                                             StackMemory& memory) noexcept {
  StackCache stack(memory);
  if (!stack.usable() || !stack.run(from)) [[unlikely]] {
    return capture_from(from, frames, most);
  }
  const std::size_t count = stack.count() - 1 < most ? stack.count() - 1 : most;
  for (std::size_t i = 0; i < count; ++i) {
    frames[i] = stack.address(i + 1);
  }
  return count;
}

void forget_unloaded_code() noexcept { forget_rows(); }

#elif defined(__aarch64__)

ARPENT_HANDLER_CODE std::size_t capture_from(const Context& from, std::uintptr_t* frames,
                                             std::size_t most) noexcept {
  platform::StackWindow window = platform::window_at(from.stack_pointer);
  const auto covers = [&window](std::uintptr_t record) noexcept {
    if (record % 16 != 0 || record < window.low) {
      return false;
    }
    if (record + 16 > window.high && platform::is_readable(record)) {
      window.high = (record | (platform::smallest_page - 1)) + 1;
    }
    return record + 16 <= window.high;
  };
  std::size_t count = 0;
  std::uintptr_t record = from.frame_pointer;
  while (count < most && covers(record)) {
    const auto* const words = reinterpret_cast<const volatile std::uintptr_t*>(record);
    // Where return addresses are signed, the signature is in the bits above the address.
    register std::uintptr_t return_address __asm__("x30") = words[1];
    __asm__("hint #7" : "+r"(return_address));  // xpaclri, ignored by older processors
    const std::uintptr_t outer = words[0];
    if (return_address == 0) {
      break;
    }
    frames[count++] = return_address;
    if (outer <= record) {
      break;
    }
    window.low = outer;
    record = outer;
  }
  return count;
}

std::size_t capture_from(const Context& from, std::uintptr_t* frames, std::size_t most,
                         StackMemory& /*memory*/) noexcept {
  return capture_from(from, frames, most);  // following the records costs as little
}

void forget_unloaded_code() noexcept {}

#endif

}  // namespace ar::unwind
