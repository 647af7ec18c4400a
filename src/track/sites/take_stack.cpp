#include "track/sites/take_stack.hpp"

#include "heap/thread_state.hpp"
#include "track/region/region.hpp"
#include "track/sites/stack_nodes.hpp"

#ifdef __x86_64__
#include "unwind/stack_cache.hpp"
#endif

namespace ar::track {

namespace {

// Between the function that asks and the one that the user called there are a few of this library's.
constexpr std::size_t most_own_frames = 24;

// Without what the thread remembers.
[[gnu::noinline]] NodeIndex take_afresh(const unwind::Context& from, std::uintptr_t caller) noexcept {
  std::uintptr_t frames[1 + most_stack_depth + most_own_frames];
  const std::size_t depth = header()->stack_depth;
  frames[0] = from.instruction + 1;
  const std::size_t count = 1 + unwind::capture_from(from, frames + 1, depth + most_own_frames);
  std::size_t first = 0;
  while (first < count && frames[first] != caller) {
    ++first;
  }
  if (first == count) {
    return intern_node(0, caller);
  }
  NodeIndex node = 0;
  for (std::size_t i = first + depth < count ? first + depth : count; i-- > first;) {
    node = intern_node(node, frames[i]);
    if (node == 0) {
      break;
    }
  }
  return node;
}

#ifdef __x86_64__

// Only the frames that are not called as before are looked up.
[[gnu::always_inline]] inline NodeIndex take_known(unwind::StackCache& stack,
                                                   std::uintptr_t caller) noexcept {
  const std::size_t count = stack.count();
  std::size_t first = 0;
  while (first < count && stack.address(first) != caller) {
    ++first;
  }
  if (first == count) [[unlikely]] {
    return intern_node(0, caller);
  }
  const std::size_t depth = header()->stack_depth;
  const bool is_whole = count - first <= depth;
  std::size_t known = first;
  const std::size_t end = is_whole ? count : first + depth;
  while (known < end && (!is_whole || stack.name(known) == 0)) {
    ++known;
  }
  NodeIndex node = known == end ? 0 : stack.name(known);
  for (std::size_t i = known; i-- > first;) {
    node = intern_node(node, stack.address(i));
    if (node == 0) [[unlikely]] {
      break;
    }
    stack.name(i) = is_whole ? node : 0;
  }
  return node;
}

#endif

}  // namespace

NodeIndex take_stack(unwind::StackMemory* memory, const unwind::Context& from,
                     std::uintptr_t caller) noexcept {
  if (heap::thread_state.heap == nullptr || memory == nullptr) [[unlikely]] {
    return intern_node(0, caller);  // the loader is not done yet, or there is no memory
  }
#ifdef __x86_64__
  unwind::StackCache stack(*memory);  // to the end of the function: a signal handler must not take it
  if (stack.usable() && stack.run(from)) [[likely]] {
    return take_known(stack, caller);
  }
#endif
  return take_afresh(from, caller);
}

}  // namespace ar::track
