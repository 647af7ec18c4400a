#include "track/unwind.hpp"

#include "platform/handler_code.hpp"
#include "platform/own_stack.hpp"

#ifdef __x86_64__
#include "track/unwind/compact_row.hpp"
#include "track/unwind/full_walk.hpp"
#include "track/unwind/row_cache.hpp"
#endif

namespace ar::track {

#ifdef __x86_64__

namespace {

using unwinding::CompactKind;
using unwinding::CompactRow;
using unwinding::word_at;

// Stacks that are not the thread's own are looked at page by page.
bool extend(platform::StackWindow& window, std::uintptr_t upto) noexcept {
  constexpr unsigned most_pages = 256;
  for (unsigned i = 0; i < most_pages && window.high < upto; ++i) {
    const std::uintptr_t page = window.high & ~(platform::smallest_page - 1);
    if (!platform::is_readable(page + platform::smallest_page - sizeof(std::uint64_t))) {
      return false;
    }
    window.high = page + platform::smallest_page;
  }
  return window.high >= upto;
}

// A walk that knows of each frame only the instruction, the stack pointer and rbp.
class Walk {
 public:
  explicit Walk(const UnwindContext& from) noexcept
      : key_(from.instruction + 1),
        stack_pointer_(from.stack_pointer),
        frame_pointer_(from.frame_pointer),
        window_(platform::window_at(from.stack_pointer)) {}

  // False when it takes more registers than these.
  ARPENT_HANDLER_CODE [[gnu::always_inline]] bool run(std::uintptr_t* frames, std::size_t most,
                                                      std::size_t& count) noexcept {
    std::uintptr_t key = key_;
    std::uintptr_t stack_pointer = stack_pointer_;
    std::uintptr_t frame_pointer = frame_pointer_;
    std::uintptr_t high = window_.high;
    std::size_t done = 0;
    if (stack_pointer % word != 0) [[unlikely]] {
      return false;
    }
    while (done < most) {
      const CompactRow row = unwinding::row_before(key);
      if (!row.is_simple()) [[unlikely]] {
        keep(key, stack_pointer, frame_pointer, high);
        if (!leave_unusual(row)) {
          count = done;
          return row.kind() != CompactKind::full && !lost_;
        }
        frames[done++] = resumed_;
        key = key_;
        stack_pointer = stack_pointer_;
        frame_pointer = frame_pointer_;
        high = window_.high;
        continue;
      }
      const std::uintptr_t base = row.on_rbp() ? frame_pointer : stack_pointer;
      const std::uintptr_t cfa = base + row.offset();
      const std::uintptr_t below = row.saved_below();
      const std::uintptr_t saved = cfa - (below != 0 ? below : word);
      // All of it lies between the stack pointer and the end of what can be read; wraps around otherwise.
      if (saved < stack_pointer || cfa % word != 0 ||
          cfa - stack_pointer - word > high - stack_pointer - word) [[unlikely]] {
        keep(key, stack_pointer, frame_pointer, high);
        if (saved < stack_pointer || cfa % word != 0 || cfa <= stack_pointer || cfa < saved ||
            !extend(window_, cfa)) {
          count = done;
          return false;  // perhaps another stack: looked at with more care
        }
        high = window_.high;
      }
      const std::uintptr_t return_address = word_at(cfa - word);
      const std::uintptr_t saved_frame_pointer = word_at(saved);
      if (return_address == 0) [[unlikely]] {
        break;
      }
      frame_pointer = below != 0 ? saved_frame_pointer : frame_pointer;
      stack_pointer = cfa;
      key = return_address;
      frames[done++] = return_address;
    }
    count = done;
    return true;
  }

 private:
  static constexpr std::uintptr_t word = sizeof(std::uintptr_t);

  void keep(std::uintptr_t key, std::uintptr_t stack_pointer, std::uintptr_t frame_pointer,
            std::uintptr_t high) noexcept {
    key_ = key;
    stack_pointer_ = stack_pointer;
    frame_pointer_ = frame_pointer;
    window_ = {stack_pointer, high};
  }

  bool covers(std::uintptr_t address) noexcept {
    return address % word == 0 && address >= window_.low &&
           (address + word <= window_.high || extend(window_, address + word));
  }

  bool leave_unusual(CompactRow row) noexcept {
    if (row.kind() == CompactKind::realigned) {
      return leave_realigned(row);
    }
    return row.kind() == CompactKind::kernels && leave_kernels();
  }

  bool leave_realigned(CompactRow row) noexcept {
    const std::uintptr_t cfa_at = frame_pointer_ + static_cast<std::uintptr_t>(row.cfa_at());
    const std::uintptr_t rbp_at = frame_pointer_ + static_cast<std::uintptr_t>(row.rbp_at());
    lost_ = !covers(cfa_at) || !covers(rbp_at);
    if (lost_) {
      return false;
    }
    const std::uintptr_t cfa = word_at(cfa_at);
    lost_ = cfa <= cfa_at || cfa <= rbp_at || !covers(cfa - word);
    if (lost_ || word_at(cfa - word) == 0) {
      return false;
    }
    resumed_ = word_at(cfa - word);
    frame_pointer_ = word_at(rbp_at);
    stack_pointer_ = cfa;
    key_ = resumed_;
    return true;
  }

  // The interrupted instruction itself counts, not the one before it; its stack may be another one.
  bool leave_kernels() noexcept {
    lost_ = !covers(stack_pointer_) || !covers(stack_pointer_ + unwinding::kernels_rip);
    if (lost_) {
      return false;
    }
    resumed_ = word_at(stack_pointer_ + unwinding::kernels_rip);
    frame_pointer_ = word_at(stack_pointer_ + unwinding::kernels_rbp);
    stack_pointer_ = word_at(stack_pointer_ + unwinding::kernels_rsp);
    if (resumed_ == 0 || stack_pointer_ % word != 0 || !platform::is_readable(stack_pointer_)) {
      return false;
    }
    key_ = resumed_ + 1;
    window_ = platform::window_at(stack_pointer_);
    return true;
  }

  std::uintptr_t key_;  // the address after the instruction that the frame is at
  std::uintptr_t stack_pointer_;
  std::uintptr_t frame_pointer_;
  platform::StackWindow window_;
  std::uintptr_t resumed_ = 0;
  bool lost_ = false;
};

[[gnu::noinline, gnu::cold]] std::size_t walk_slowly(const UnwindContext& from, std::uintptr_t* frames,
                                                     std::size_t most) noexcept {
  unwinding::Registers registers;
  registers.set(unwinding::register_rip, from.instruction);
  registers.set(unwinding::register_rsp, from.stack_pointer);
  registers.set(unwinding::register_rbp, from.frame_pointer);
  registers.set(unwinding::register_rbx, from.rbx);
  registers.set(unwinding::register_r12, from.r12);
  registers.set(unwinding::register_r12 + 1, from.r13);
  registers.set(unwinding::register_r12 + 2, from.r14);
  registers.set(unwinding::register_r12 + 3, from.r15);
  return walk_with_all_registers(registers, frames, most);
}

}  // namespace

ARPENT_HANDLER_CODE std::size_t unwind(const UnwindContext& from, std::uintptr_t* frames,
                                       std::size_t most) noexcept {
  std::size_t count = 0;
  Walk walk(from);
  if (!walk.run(frames, most, count)) [[unlikely]] {
    return walk_slowly(from, frames, most);
  }
  return count;
}

void forget_unwinding() noexcept { unwinding::forget_rows(); }

#elif defined(__aarch64__)

ARPENT_HANDLER_CODE std::size_t unwind(const UnwindContext& from, std::uintptr_t* frames,
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

void forget_unwinding() noexcept {}

#endif

}  // namespace ar::track
