// What the tests of the exercises are made of: says the first thing that is wrong in words, and ends with
// status 1. Needs -fsanitize=address; -D_GLIBCXX_ASSERTIONS has the standard library test bounds and empty
// results.
#pragma once

#include <execinfo.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <expected>
#include <map>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpent/allocator.hpp>
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/failing_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/general_purpose_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/testing.hpp>

// g++ comes without the header that declares it.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             std::size_t),
                                                         void (*free_hook)(const volatile void*));

namespace course {

// Ends without destructors: what is wrong may be in them.
[[noreturn]] inline void refuse(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
  ::_exit(1);
}

inline void expect(bool holds, const std::string& otherwise) {
  if (!holds) {
    refuse(otherwise);
  }
}

[[noreturn]] inline void pass() {
  std::puts("passed");
  std::fflush(stdout);
  ::_exit(0);
}

inline std::string counted(std::size_t count, const std::string& what) {
  static const char* const words[] = {"no", "one", "two", "three", "four", "five", "six"};
  return (count < std::size(words) ? words[count] : std::to_string(count)) + " " + what +
         (count == 1 ? "" : "s");
}

// "Values Dataset::make(ar::Allocator)" is `Dataset::make`.
inline std::string short_name(const std::string& function) {
  const std::string head = function.substr(0, function.find('('));
  const std::size_t start = head.find_last_of(" *&");
  std::string name = start == std::string::npos ? head : head.substr(start + 1);
  const std::string hidden = "{anonymous}::";
  if (name.starts_with(hidden)) {
    name.erase(0, hidden.size());
  }
  return "`" + name + "`";
}

inline std::string place_text(const std::source_location& place) {
  return place.line() == 0 ? "a container"
                           : short_name(place.function_name()) + ", line " + std::to_string(place.line());
}

// The innermost frame that is in the learner's file, as "`function`, line 12", or "".
inline std::string place_in_exercise(std::span<void* const> frames) {
  for (void* const frame : frames) {
    std::array<char, 4096> texts{};  // one for each function that was inlined there, a NUL after each
    __sanitizer_symbolize_pc(static_cast<char*>(frame) - 1, "%s|%l|%f", texts.data(), texts.size() - 2);
    for (const char* text = texts.data(); *text != '\0'; text += std::strlen(text) + 1) {
      const std::string_view all = text;
      const std::size_t end = all.find("exercise.hpp|");
      if (end == std::string_view::npos) {
        continue;
      }
      const std::string_view rest = all.substr(end + std::strlen("exercise.hpp|"));
      const std::size_t bar = rest.find('|');
      if (bar != std::string_view::npos) {
        return short_name(std::string{rest.substr(bar + 1)}) + ", line " + std::string{rest.substr(0, bar)};
      }
    }
  }
  return "";
}

inline std::string place_here() {
  void* frames[64];
  const int count = ::backtrace(frames, static_cast<int>(std::size(frames)));
  const std::string place = place_in_exercise({frames, static_cast<std::size_t>(count)});
  return place.empty() ? "the test, with what the exercise returned," : place + ",";
}

// Where the heap block at `address` was allocated or released.
inline std::string heap_place(void* address, bool released) {
  void* frames[64];
  int thread = 0;
  const std::size_t count = released ? __asan_get_free_stack(address, frames, std::size(frames), &thread)
                                     : __asan_get_alloc_stack(address, frames, std::size(frames), &thread);
  return place_in_exercise({frames, count});
}

// Uses of malloc and operator new, by whomever.
inline std::size_t& heap_uses() {
  static std::size_t uses = 0;
  static const int installed = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t) { ++heap_uses(); }, [](const volatile void*) {});
  static_cast<void>(installed);
  return uses;
}

template <class Function>
void expect_no_heap(const std::string& name, Function function) {
  const std::size_t before = heap_uses();
  function();
  const bool untouched = heap_uses() == before;  // before the text is made
  expect(untouched, name + " uses the heap, where nothing may");
}

// What stands in front of the testing ledger: an allocator that knows by whom each block was taken and given
// back.
class Desk {
 public:
  Desk() = default;
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  [[nodiscard]] ar::Allocator allocator() noexcept { return ar::Allocator::of(*this); }
  [[nodiscard]] std::size_t allocations() const { return allocations_; }
  [[nodiscard]] std::size_t alive() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(blocks_, [](const auto& block) { return block.second.alive; }));
  }

  // `result` must begin a block that is alive.
  void expect_alive(const std::string& name, const void* result) const {
    const auto at = blocks_.find(result);
    expect(at != blocks_.end(), "the result of " + name + " is not from the caller's allocator");
    expect(at->second.alive, "the result of " + name +
                                 " was given back before the caller could read it, in " +
                                 place_text(at->second.released));
  }

  // Nothing must be alive; `when` begins the sentence if something is.
  void expect_empty(const std::string& when = "") const {
    std::vector<std::string> places;
    for (const auto& [block, record] : blocks_) {
      if (record.alive) {
        places.push_back(place_text(record.allocated));
      }
    }
    if (places.empty()) {
      return;
    }
    const std::size_t count = places.size();
    std::ranges::sort(places);
    const auto same = std::ranges::unique(places);
    places.erase(same.begin(), same.end());
    std::string text = counted(count, "block") + (count == 1 ? " was" : " were") + " never given back; ";
    if (places.size() == 1) {
      text += (count == 1   ? "it was"
               : count == 2 ? "both were"
                            : "all were") +
              std::string{" allocated in "} + places[0];
    } else {
      text += "they were allocated in ";
      for (std::size_t index = 0; index < places.size(); ++index) {
        text += (index == 0 ? "" : index + 1 == places.size() ? " and in " : ", ") + places[index];
      }
    }
    refuse(when + text);
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const ar::Description& description) noexcept {
    void* const block = ledger_.raw_alloc(size, alignment, description);
    if (block != nullptr) {
      ++allocations_;
      blocks_.insert_or_assign(block, Block{true, description.place(), {}});
    }
    return block;
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const ar::Description& description) noexcept {
    expect_may(block, "resizes", description);
    return ledger_.raw_resize(block, size, alignment, new_size, description);
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const ar::Description& description) noexcept {
    return raw_resize(block, size, alignment, new_size, description) ? block : nullptr;
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const ar::Description& description) noexcept {
    expect_may(block, "gives back", description);
    ledger_.raw_free(block, size, alignment, description);
    const std::vector<ar::testing::Finding> mistakes = ledger_.take_findings(ledger_.now());
    expect(mistakes.empty(),
           place_text(description.place()) + ", gives a block back as if it had another size");
    blocks_.at(block).alive = false;
    blocks_.at(block).released = description.place();
  }

 private:
  struct Block {
    bool alive;
    std::source_location allocated;
    std::source_location released;
  };

  void expect_may(void* block, const char* verb, const ar::Description& description) const {
    const auto at = blocks_.find(block);
    const std::string who = place_text(description.place()) + ", " + verb + " a block";
    expect(at != blocks_.end(), who + " that did not come from this allocator");
    expect(at->second.alive, who + " a second time; it was given back in " + place_text(at->second.released));
  }

  ar::testing::Ledger ledger_;
  std::map<const void*, Block> blocks_;
  std::size_t allocations_ = 0;
};

inline void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// Lets each allocation of `function(ar::Allocator)` fail once.
template <class Function>
void expect_survives(const std::string& name, Function function) {
  std::string text = ar::testing::check_all_allocation_failures(function);
  if (text.empty()) {
    return;
  }
  text = text.substr(0, text.find('\n'));
  for (std::size_t at = 0;
       (at = text.find("exercise.hpp:", at)) != std::string::npos;) {  // "/a/b/exercise.hpp:12"
    const std::size_t bracket = text.rfind('(', at);
    const std::size_t word = text.rfind(" at ", at);
    const std::size_t before = std::max(bracket == std::string::npos ? 0 : bracket + 1,
                                        word == std::string::npos ? 0 : word + std::strlen(" at "));
    const std::string line = "line ";
    text.replace(before, at + std::strlen("exercise.hpp:") - before, line);
    at = before + line.size();
  }
  replace_all(text, "a leak of", "never given back:");
  replace_all(text, "allocated at line", "allocated in line");
  refuse(name + ", when memory runs out: " + text);
}

// ----- what ends the process from below -----

inline std::string asan_words() {
  const std::string_view kind = __asan_get_report_description();
  void* const address = __asan_get_report_address();
  const std::string verb = __asan_get_report_access_type() == 0 ? " reads" : " writes";
  const std::string who = place_here() + verb;
  const auto in = [](const char* what, const std::string& place) {
    return place.empty() ? std::string{} : std::string{"; it was "} + what + " in " + place;
  };
  if (kind == "heap-use-after-free") {
    return who + " a block after it was given back" + in("given back", heap_place(address, true));
  }
  if (kind.ends_with("buffer-overflow") || kind.ends_with("underflow")) {
    return who + " beyond the end of an array" + in("allocated", heap_place(address, false));
  }
  if (kind.starts_with("stack-use-after")) {
    return who + " a local variable of a scope that has ended";
  }
  if (kind == "null-deref" || kind == "wild-addr-read" || kind == "wild-addr-write") {
    return place_here() + " follows a pointer that is null, or points nowhere";
  }
  if (kind == "double-free") {
    return place_here() + " frees a block twice";
  }
  return place_here() + " does what AddressSanitizer calls " + std::string{kind};
}

inline void aborted(int /*signal*/) {
  refuse(place_here() + " uses the value of a result that is an error, or an item that a span does not have");
}

[[maybe_unused]] const auto signal_before = std::signal(SIGABRT, aborted);

}  // namespace course

// AddressSanitizer calls it before it prints its own report, for which a learner has no use yet.
extern "C" [[gnu::used]] inline void __asan_on_error() { course::refuse(course::asan_words()); }
