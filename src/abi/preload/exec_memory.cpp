#include "abi/preload/exec_memory.hpp"

#include <sys/syscall.h>

#include <atomic>
#include <cstdint>

#include "abi/start.hpp"
#include "platform/pages.hpp"
#include "platform/sandbox.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

// Of one thread and the children that it makes by vfork, which run while it waits.
struct Slot {
  std::atomic<std::uintptr_t> thread;  // its thread pointer; 0 means free
  long user;                           // the process that uses it, or that used it until it called exec
  void* start;
  std::size_t size;
};

namespace {

constexpr std::size_t most_slots = 64;
Slot slots[most_slots];

// Returns a slot of this thread that this process does not use yet, or null if all slots are taken.
Slot* take_slot(long process) noexcept {
  const auto self = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
  for (Slot& slot : slots) {
    std::uintptr_t owner = slot.thread.load(std::memory_order_relaxed);
    if ((owner == self && slot.user != process) ||
        (owner == 0 && slot.thread.compare_exchange_strong(owner, self, std::memory_order_relaxed))) {
      slot.user = process;
      return &slot;
    }
  }
  return nullptr;
}

// For processes whose addresses are used up.
constexpr std::size_t reserve_size = std::size_t{128} << 10U;
alignas(platform::page_size) char reserve[reserve_size];
std::atomic<long> reserve_user{0};  // the process that uses it; 0 means free

// Not for children made by vfork: they would never give it back. So another process's number can only be that
// of the process from which this one was forked, with a copy of the reserve; in a sandbox numbers are
// unknown.
void* take_reserve(std::size_t size) noexcept {
  const long process = platform::system_call(SYS_getpid);
  long user = reserve_user.load(std::memory_order_relaxed);
  const bool is_free = user == 0 || (user != process && !platform::is_sandboxed());
  return size <= reserve_size && is_free && !is_borrowed_memory() &&
                 reserve_user.compare_exchange_strong(user, process, std::memory_order_relaxed)
             ? reserve
             : nullptr;
}

}  // namespace

ExecMemory::ExecMemory(std::size_t size) noexcept : size_(platform::round_up(size, platform::page_size)) {
  if (size_ == 0) {
    return;
  }
  slot_ = is_borrowed_memory() ? take_slot(platform::system_call(SYS_getpid)) : nullptr;
  if (slot_ == nullptr) {
    start_ = platform::map_pages(size_);
    start_ = start_ == nullptr ? take_reserve(size_) : start_;
    return;
  }
  if (slot_->size < size_) {
    if (slot_->start != nullptr) {
      platform::unmap_pages(slot_->start, slot_->size);
    }
    slot_->start = platform::map_pages(size_);
    slot_->size = slot_->start == nullptr ? 0 : size_;
  }
  start_ = slot_->start;
}

ExecMemory::~ExecMemory() {
  if (slot_ != nullptr) {
    slot_->user = 0;
  } else if (start_ == reserve) {
    reserve_user.store(0, std::memory_order_relaxed);
  } else if (start_ != nullptr) {
    platform::unmap_pages(start_, size_);
  }
}

}  // namespace ar::abi
