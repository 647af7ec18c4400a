#include "leaks/leak_roots.hpp"

#include <algorithm>

#include "heap/look_up.hpp"
#include "leaks/runtime_modules.hpp"
#include "platform/pages.hpp"
#include "platform/thread_stacks.hpp"
#include "track/region/region.hpp"
#include "track/sites/modules.hpp"

namespace ar::leaks {

namespace {

constexpr std::size_t word_size = sizeof(std::uintptr_t);
constexpr std::size_t buffer_words = std::size_t{32} << 10U;
constexpr std::size_t red_zone = 128;  // bytes below the stack pointer that a leaf function may use

// Blocks from here on are read like mappings: pages that were never touched are skipped.
constexpr std::size_t large_block = std::size_t{64} << 10U;

bool is_private_memory(const platform::Mapping& mapping) noexcept {
  return !mapping.shared && (mapping.kind == platform::MappingKind::anonymous ||
                             mapping.kind == platform::MappingKind::main_stack);
}

}  // namespace

bool LeakRoots::collect(const platform::StoppedThreads& threads, std::uintptr_t stack_pointer) noexcept {
  own_thread_pointer_ = platform::own_thread_pointer();
  memory_stays_ = threads.unstopped() == 0;
  if (!memory_stays_ && reader_.way() == platform::ReadingWay::directly) {
    return false;  // what is there now may be gone when it is read
  }
  return list_running(threads) && collect_mappings() && collect_uneven() && collect_runtime_modules() &&
         leave_out_own_memory() && leave_out_dead_frames(threads, stack_pointer) && leave_out_dead_stacks();
}

bool LeakRoots::collect_mappings() noexcept {
  for (AddressRange range{0, 0}; heap::own_range_after(range.end, range.start, range.end);) {
    if (!heap_ranges_.push(range)) {
      return false;
    }
  }
  // All that the lists need is mapped before the mappings are listed.
  std::size_t count = 0;
  const auto count_one = [](const platform::Mapping&, void* context) noexcept {
    ++*static_cast<std::size_t*>(context);
    return true;
  };
  constexpr std::size_t slack = 64;
  if (!platform::for_each_mapping(count_one, &count) || !buffer_.reserve(buffer_words) ||
      !left_out_.reserve(2 * heap_ranges_.size() + slack) || !uneven_.reserve(slack) ||
      !descriptors_.reserve(slack) || !mappings_.reserve(count + slack)) {
    return false;
  }
  bool complete = true;
  struct Keep {
    platform::MappedArray<platform::Mapping>& mappings;
    bool& complete;
  } keep{mappings_, complete};
  const auto keep_one = [](const platform::Mapping& mapping, void* context) noexcept {
    const Keep& to = *static_cast<Keep*>(context);
    to.complete = to.mappings.push(mapping);
    return to.complete;
  };
  if (!platform::for_each_mapping(keep_one, &keep) || !complete) {
    return false;
  }
  reader_.know(mappings_.begin(), mappings_.size());
  return true;
}

// What the program may have done to pages of its blocks: protected them, or mapped something else over them.
bool LeakRoots::collect_uneven() noexcept {
  std::size_t next = 0;
  for (const AddressRange& range : heap_ranges_) {
    std::uintptr_t even_to = range.start;
    while (next < mappings_.size() && mappings_[next].end <= range.start) {
      ++next;
    }
    for (std::size_t i = next; i < mappings_.size() && mappings_[i].start < range.end; ++i) {
      const platform::Mapping& mapping = mappings_[i];
      if (!is_private_memory(mapping) || !mapping.readable) {
        continue;
      }
      if (mapping.start > even_to && !uneven_.push({even_to, mapping.start})) {
        return false;
      }
      even_to = mapping.end;
      if (!collect_unreadable(std::max(mapping.start, range.start), std::min(mapping.end, range.end))) {
        return false;
      }
    }
    if (even_to < range.end && !uneven_.push({even_to, range.end})) {
      return false;
    }
  }
  return true;
}

// Pages within a mapping that fault when they are touched, as no list of mappings shows: guard pages
// (MADV_GUARD_INSTALL).
bool LeakRoots::collect_unreadable(std::uintptr_t start, std::uintptr_t end) noexcept {
  std::uintptr_t run_start = start;
  std::uintptr_t run_end = end;
  const bool are_known = runs_.can_tell_written();  // else all of them are looked at
  runs_.begin(start, end, platform::Pages::present);
  while (!are_known || runs_.next(run_start, run_end)) {
    while ((run_start = reader_.first_unreadable_page(run_start, run_end)) < run_end) {
      if (!uneven_.push({run_start, run_start + platform::page_size})) {
        return false;
      }
      run_start += platform::page_size;
    }
    if (!are_known) {
      break;
    }
  }
  return true;
}

bool LeakRoots::collect_runtime_modules() noexcept {
  const track::ModuleRecord* of = nullptr;
  for (std::uint32_t index = 1; (of = track::module(index)) != nullptr; ++index) {
    if (is_runtime(*of) && !runtime_modules_.push({of->start, of->end})) {
      return false;
    }
  }
  std::sort(runtime_modules_.begin(), runtime_modules_.end(),
            [](const AddressRange& left, const AddressRange& right) { return left.start < right.start; });
  return true;
}

bool LeakRoots::leave_out_own_memory() noexcept {
  for (const AddressRange& range : heap_ranges_) {
    if (!left_out_.push(range)) {
      return false;
    }
  }
  AddressRange threads{};
  platform::StoppedThreads::own_memory(threads.start, threads.end);
  const auto profile = reinterpret_cast<std::uintptr_t>(track::region_base);
  const AddressRange ours[] = {
      threads,
      {profile, profile + track::header()->capacity},
      {mappings_.memory_start(), mappings_.memory_end()},
      {heap_ranges_.memory_start(), heap_ranges_.memory_end()},
      {uneven_.memory_start(), uneven_.memory_end()},
      {runtime_modules_.memory_start(), runtime_modules_.memory_end()},
      {left_out_.memory_start(), left_out_.memory_end()},
      {buffer_.memory_start(), buffer_.memory_end()},
      {descriptors_.memory_start(), descriptors_.memory_end()},
      {thread_pointers_.memory_start(), thread_pointers_.memory_end()},
      {stack_pointers_.memory_start(), stack_pointers_.memory_end()},
  };
  for (const AddressRange& range : ours) {
    if (range.start != range.end && !left_out_.push(range)) {
      return false;
    }
  }
  return true;
}

bool LeakRoots::leave_out_dead_frames_of(std::uintptr_t thread_pointer,
                                         std::uintptr_t stack_pointer) noexcept {
  platform::ThreadStack stack{};
  return thread_pointer == 0 || !platform::stack_of_thread(thread_pointer, reader_, stack) ||
         stack_pointer < stack.start || stack_pointer >= stack.top ||
         left_out_.push({stack.start, stack_pointer});
}

bool LeakRoots::leave_out_dead_frames(const platform::StoppedThreads& threads,
                                      std::uintptr_t stack_pointer) noexcept {
  AddressRange main_stack{};
  for (const platform::Mapping& mapping : mappings_) {
    if (mapping.kind == platform::MappingKind::main_stack) {
      main_stack = {mapping.start, mapping.end};
    }
  }
  std::uintptr_t live_from = main_stack.end;
  const auto live_on_main_stack = [&](std::uintptr_t pointer) {
    if (pointer >= main_stack.start && pointer < live_from) {
      live_from = pointer;
    }
  };
  live_on_main_stack(stack_pointer);
  if (!leave_out_dead_frames_of(own_thread_pointer_, stack_pointer)) {
    return false;
  }
  bool all_known = true;
  for (std::size_t i = 0; i < threads.count(); ++i) {
    const platform::ThreadRegisters& thread = threads[i];
    if (!thread.stopped) {
      all_known = all_known && thread.ended;
      continue;
    }
    const std::uintptr_t from = thread.stack_pointer - red_zone;
    live_on_main_stack(from);
    if (!leave_out_dead_frames_of(thread.thread_pointer, from)) {
      return false;
    }
  }
  return live_from == main_stack.end || !all_known || left_out_.push({main_stack.start, live_from});
}

bool LeakRoots::list_running(const platform::StoppedThreads& threads) noexcept {
  for (std::size_t i = 0; i < threads.count(); ++i) {
    const platform::ThreadRegisters& thread = threads[i];
    if (thread.ended) {
      continue;
    }
    any_stack_may_be_live_ = any_stack_may_be_live_ || (!thread.stopped && thread.stack_pointer == 0);
    if (!thread_pointers_.push(thread.thread_pointer) || !stack_pointers_.push(thread.stack_pointer)) {
      return false;
    }
  }
  std::sort(thread_pointers_.begin(), thread_pointers_.end());
  std::sort(stack_pointers_.begin(), stack_pointers_.end());
  return true;
}

bool LeakRoots::leave_out_dead_stacks() noexcept {
  sort_left_out();
  for (const platform::Mapping& mapping : mappings_) {
    if (!is_private_memory(mapping) || !mapping.writable ||
        mapping.kind == platform::MappingKind::main_stack) {
      continue;
    }
    for_each_piece(mapping, [&](std::uintptr_t start, std::uintptr_t end) {
      read(start, end, platform::Pages::written,
           [&](std::uintptr_t address, const std::uintptr_t* words, std::size_t count) {
             const std::size_t first =
                 (platform::round_up(address, platform::descriptor_alignment) - address) / word_size;
             for (std::size_t i = first; i + platform::descriptor_probe_words <= count;
                  i += platform::descriptor_alignment / word_size) {
               if (platform::may_be_descriptor(address + i * word_size, words + i)) {
                 (void)descriptors_.push(address + i * word_size);  // else its stack counts as live
               }
             }
           });
    });
  }
  for (const std::uintptr_t descriptor : descriptors_) {
    if (!leave_out_dead_stack(descriptor)) {
      return false;
    }
  }
  sort_left_out();
  return true;
}

bool LeakRoots::leave_out_dead_stack(std::uintptr_t descriptor) noexcept {
  platform::ThreadStack stack{};
  if (descriptor == own_thread_pointer_ || any_stack_may_be_live_ ||
      std::binary_search(thread_pointers_.begin(), thread_pointers_.end(), descriptor) ||
      !platform::stack_of_thread(descriptor, reader_, stack) ||
      !platform::is_listed_descriptor(descriptor, reader_)) {
    return true;
  }
  const std::uintptr_t* const runs_on_it =
      std::lower_bound(stack_pointers_.begin(), stack_pointers_.end(), stack.start);
  return (runs_on_it != stack_pointers_.end() && *runs_on_it < stack.top) ||
         left_out_.push({stack.start, stack.top});
}

void LeakRoots::sort_left_out() noexcept {
  std::sort(left_out_.begin(), left_out_.end(),
            [](const AddressRange& left, const AddressRange& right) { return left.start < right.start; });
  std::size_t kept = 0;
  for (const AddressRange& range : left_out_) {
    if (kept != 0 && range.start <= left_out_[kept - 1].end) {
      left_out_[kept - 1].end = std::max(left_out_[kept - 1].end, range.end);
    } else {
      left_out_[kept++] = range;
    }
  }
  left_out_.shrink(kept);
}

// Calls visit(start, end) for what is not left out of the mapping.
template <typename Visit>
void LeakRoots::for_each_piece(const platform::Mapping& mapping, Visit visit) const noexcept {
  std::uintptr_t start = mapping.start;
  const AddressRange* out = std::lower_bound(
      left_out_.begin(), left_out_.end(), start,
      [](const AddressRange& range, std::uintptr_t address) { return range.end <= address; });
  for (; out != left_out_.end() && out->start < mapping.end; ++out) {
    if (out->start > start) {
      visit(start, out->start);
    }
    start = out->end;
  }
  if (start < mapping.end) {
    visit(start, mapping.end);
  }
}

// Calls visit(address, words, count) for the aligned words in [start, end) that can be read.
template <typename Visit>
void LeakRoots::read(std::uintptr_t start, std::uintptr_t end, platform::Pages which, Visit visit) noexcept {
  std::uintptr_t run_start = 0;
  std::uintptr_t run_end = 0;
  runs_.begin(start, end, which);
  while (runs_.next(run_start, run_end)) {
    std::uintptr_t address = platform::round_up(run_start, word_size);
    while (address + word_size <= run_end) {
      const std::size_t wanted = std::min((run_end - address) / word_size, buffer_words);
      const std::size_t count = reader_.read(address, buffer_.begin(), wanted * word_size) / word_size;
      if (count == 0) {
        address = platform::round_down(address, platform::page_size) + platform::page_size;
        continue;
      }
      visit(address, buffer_.begin(), count);
      address += count * word_size;
    }
  }
}

// What lies in /dev may be a file, or a device that gives ordinary memory. The copying call reads no other;
// its first page tells.
bool LeakRoots::is_memory_of_device(const platform::Mapping& mapping) noexcept {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  std::uintptr_t word = 0;
  if (reader_.way() != platform::ReadingWay::copy_call) {
    return false;
  }
  runs_.begin(mapping.start, mapping.end, platform::Pages::present);
  return runs_.next(start, end) && reader_.read(start, &word, sizeof word) == sizeof word;
}

bool LeakRoots::is_root(const platform::Mapping& mapping) noexcept {
  if (!mapping.readable || mapping.kind == platform::MappingKind::kernel ||
      (mapping.kind == platform::MappingKind::device && !is_memory_of_device(mapping))) {
    return false;
  }
  return mapping.writable || (!mapping.shared && runs_.can_tell_written());
}

// Calls visit(start, end) for the parts of [start, end) that are the program's, or the runtime's.
template <typename Visit>
void LeakRoots::for_each_part(RootsOf whose, std::uintptr_t start, std::uintptr_t end,
                              Visit visit) const noexcept {
  for (const AddressRange& runtime : runtime_modules_) {
    const std::uintptr_t from = std::clamp(runtime.start, start, end);
    const std::uintptr_t to = std::clamp(runtime.end, start, end);
    if (from == to) {
      continue;
    }
    if (whose == RootsOf::runtime) {
      visit(from, to);
    } else if (start < from) {
      visit(start, from);
    }
    start = to;
  }
  if (whose == RootsOf::program && start < end) {
    visit(start, end);
  }
}

void LeakRoots::for_each_root(RootsOf whose, const platform::StoppedThreads& threads, WordsVisitor visit,
                              void* context) noexcept {
  const auto visit_words = [&](std::uintptr_t, const std::uintptr_t* words, std::size_t count) {
    visit(words, count, context);
  };
  for (const platform::Mapping& mapping : mappings_) {
    if (is_root(mapping)) {
      const platform::Pages which = mapping.shared ? platform::Pages::present : platform::Pages::written;
      for_each_piece(mapping, [&](std::uintptr_t start, std::uintptr_t end) {
        for_each_part(whose, start, end,
                      [&](std::uintptr_t from, std::uintptr_t to) { read(from, to, which, visit_words); });
      });
    }
  }
  if (whose == RootsOf::runtime) {
    return;
  }
  for (std::size_t i = 0; i < threads.count(); ++i) {
    const platform::ThreadRegisters& thread = threads[i];
    visit(thread.registers, thread.register_count, context);
    visit(&thread.thread_pointer, 1, context);
    if (thread.vectors_start != thread.vectors_end) {
      read(thread.vectors_start, thread.vectors_end, platform::Pages::present, visit_words);
    }
  }
  visit(&own_thread_pointer_, 1, context);
  const std::uintptr_t signal_stack = platform::own_signal_stack();
  visit(&signal_stack, 1, context);
}

bool LeakRoots::is_even(std::uintptr_t start, std::uintptr_t end) const noexcept {
  const AddressRange* range =
      std::lower_bound(uneven_.begin(), uneven_.end(), start,
                       [](const AddressRange& of, std::uintptr_t address) { return of.end <= address; });
  return range == uneven_.end() || range->start >= end;
}

void LeakRoots::for_each_word_of_block(std::uintptr_t start, std::size_t size, WordsVisitor visit,
                                       void* context) noexcept {
  if (size < large_block && memory_stays_ && is_even(start, start + size)) {
    platform::copy_unwatched(start, buffer_.begin(), size);
    visit(buffer_.begin(), size / word_size, context);
    return;
  }
  read(start, start + size, platform::Pages::present,
       [&](std::uintptr_t, const std::uintptr_t* words, std::size_t count) { visit(words, count, context); });
}

}  // namespace ar::leaks
