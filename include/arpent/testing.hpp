// Tests of code that takes an ar::Allocator: that it gives everything back, and that it survives running out.
//
//   #include <arpent/testing/gtest.hpp>          // once in a program: tests that leak fail from now on
//
//   TEST(Parser, KeepsItsTokens) {
//     auto tokens = parse("1 + 2", ar::testing::allocator());   // not given back: the test fails
//   }
//   TEST(Parser, SurvivesRunningOut) {
//     EXPECT_EQ(ar::testing::check_all_allocation_failures([](ar::Allocator allocator) {
//       return parse("1 + 2", allocator);
//     }), "");
//   }
//
//   TEST(Session, IsWarm) {
//     EXPECT_EQ(ar::testing::expect_no_allocations([&] { session.run(input); }), "");   // not even malloc
//   }
//
// Catch2 has <arpent/testing/catch2.hpp>. Without either, Ledger has all that is needed.
#pragma once

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "allocator.hpp"
#include "c_allocator.hpp"
#include "failing_allocator.hpp"
#include "heap_watch.h"

namespace ar::testing {

// A block that was not given back, or a call that was wrong.
struct Finding {
  std::string file;  // of the call that allocated the block, or of the wrong one; "" when that is not known
  int line;
  std::string text;  // in a sentence, with that place
};

// An allocator that writes down every block: it finds leaks, and blocks that are freed or resized twice, with
// the wrong size or alignment, or that it never gave out. New memory is filled with 0xaa and old with 0xdd,
// so that reading what was not written, or no longer is, does not pass for zeros. Blocks come from
// ar::c_allocator, so that the sanitizers see them. For several threads at once. Neither copied nor moved:
// Allocators refer to it. A wrong call is noted and otherwise ignored.
class Ledger {
 public:
  Ledger() = default;
  // Releases what is still alive.
  ~Ledger() {
    for (const auto& [block, record] : records_) {
      CAllocator::raw_free(block, record.size, record.alignment, Description{nullptr});
    }
  }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] Allocator allocator() noexcept { return Allocator::of(*this); }

  // How many blocks have been allocated so far: a moment for take_findings.
  [[nodiscard]] std::uint64_t now() const {
    const std::lock_guard lock{mutex_};
    return last_number_;
  }

  // All wrong calls that have not been taken yet, and the blocks that are alive and were allocated after
  // `since`, oldest first. Each is told once; a leaked block stays alive, and may be given back later.
  [[nodiscard]] std::vector<Finding> take_findings(std::uint64_t since = 0) {
    const std::lock_guard lock{mutex_};
    std::vector<std::pair<std::uint64_t, Finding>> leaks;
    for (auto& [block, record] : records_) {
      if (record.number > since && !record.told) {
        record.told = true;
        leaks.emplace_back(record.number,
                           Finding{record.file, record.line,
                                   "a leak of " + words(record.size, "byte") + ": " + record.text()});
      }
    }
    std::ranges::sort(leaks, {}, [](const auto& leak) { return leak.first; });
    std::vector<Finding> findings = std::exchange(mistakes_, {});
    for (auto& leak : leaks) {
      findings.push_back(std::move(leak.second));
    }
    return findings;
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    void* const block = CAllocator::raw_alloc(size, alignment, description);
    if (block != nullptr) {
      std::memset(block, 0xaa, size);
      const std::lock_guard lock{mutex_};
      records_.insert_or_assign(block, Record{++last_number_, size, alignment, description});
    }
    return block;
  }

  // Shrinks in place; growth always moves, so that no test counts on it.
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    const std::lock_guard lock{mutex_};
    Record* const record = find(block, size, alignment, description, "resized");
    if (record == nullptr || new_size > size) {
      return false;
    }
    std::memset(static_cast<std::byte*>(block) + new_size, 0xdd, size - new_size);
    record->size = new_size;
    return true;
  }

  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return raw_resize(block, size, alignment, new_size, description) ? block : nullptr;
  }

  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    {
      const std::lock_guard lock{mutex_};
      if (find(block, size, alignment, description, "freed") == nullptr) {
        return;
      }
      records_.erase(block);
    }
    std::memset(block, 0xdd, size);
    CAllocator::raw_free(block, size, alignment, description);
  }

 private:
  struct Record {
    Record(std::uint64_t given_number, std::size_t given_size, std::size_t given_alignment,
           const Description& given)
        : number(given_number),
          size(given_size),
          alignment(given_alignment),
          file(given.place().file_name()),
          line(given.line()),
          description(given.text() == nullptr ? "" : given.text()) {}

    // "scores, allocated at main.cpp:12"
    [[nodiscard]] std::string text() const {
      const std::string what = description.empty() ? "a block without description" : description;
      return what + ", allocated " + place_text(file, line);
    }

    std::uint64_t number;
    std::size_t size;
    std::size_t alignment;
    std::string file;
    int line;
    std::string description;
    bool told = false;
  };

  [[nodiscard]] static std::string words(std::size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  }
  [[nodiscard]] static std::string place_text(const std::string& file, int line) {
    return line == 0 ? "by a container" : "at " + file + ":" + std::to_string(line);
  }

  // The block's record, or null and a mistake when it is not as the caller says. The lock is held.
  [[nodiscard]] Record* find(void* block, std::size_t size, std::size_t alignment,
                             const Description& description, const char* verb) {
    const std::string file = description.place().file_name();
    const std::string here = place_text(file, description.line());
    const auto at = records_.find(block);
    if (at == records_.end()) {
      mistakes_.push_back(
          {file, description.line(),
           std::string("a block that is not alive in this allocator is ") + verb + " " + here});
      return nullptr;
    }
    Record& record = at->second;
    if (record.size != size || record.alignment != alignment) {
      mistakes_.push_back({file, description.line(),
                           std::string("a block is ") + verb + " " + here + " as " + words(size, "byte") +
                               " aligned to " + std::to_string(alignment) + ", but it has " +
                               words(record.size, "byte") + " aligned to " +
                               std::to_string(record.alignment) + ": " + record.text()});
      return nullptr;
    }
    return &record;
  }

  mutable std::mutex mutex_;
  std::unordered_map<void*, Record> records_;
  std::vector<Finding> mistakes_;
  std::uint64_t last_number_ = 0;
};

// The ledger behind allocator(), one a process. It never ends, so that destructors of static objects may
// free.
[[nodiscard]] inline Ledger& ledger() {
  static Ledger& the_one = *new Ledger;
  return the_one;
}

// What tests hand to the code that they test. For several threads at once.
[[nodiscard]] inline Allocator allocator() { return ledger().allocator(); }

namespace detail {

template <class Function>
struct Run {
  FailingOptions options;
  Ledger ledger{};
  FailingAllocator failing{ledger.allocator(), options};
  bool succeeded = false;

  void operator()(Function& function) {
#ifdef __cpp_exceptions
    try {
      call(function);
    } catch (const std::bad_alloc&) {
      succeeded = false;
    }
#else
    call(function);
#endif
  }

 private:
  // What the function returns is destroyed here.
  void call(Function& function) {
    using Result = std::invoke_result_t<Function&, Allocator>;
    if constexpr (std::is_void_v<Result>) {
      function(failing.allocator());
      succeeded = true;
    } else {
      const Result result = function(failing.allocator());
      constexpr bool says_whether =
          requires { result.has_value(); } || std::is_convertible_v<const Result&, bool>;
      static_assert(
          says_whether,
          "check_all_allocation_failures: the function returns a std::expected, or a bool that is true "
          "for success, or nothing and throws std::bad_alloc");
      if constexpr (requires { result.has_value(); }) {
        succeeded = result.has_value();
      } else if constexpr (says_whether) {
        succeeded = static_cast<bool>(result);
      }
    }
  }
};

[[nodiscard]] inline std::string sum_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += "; " + finding.text;
  }
  return text;
}

template <class Function>
[[nodiscard]] std::string check_failures(Function& function) {
  Run<Function> whole{{}};
  whole(function);
  std::string findings = sum_of(whole.ledger.take_findings());
  if (!whole.succeeded || !findings.empty()) {
    return "with no allocation failing: " + std::string(whole.succeeded ? "success" : "no success") +
           findings + "\n";
  }
  std::string report;
  const std::size_t count = whole.failing.allocations();
  for (std::size_t index = 0; index < count; ++index) {
    Run<Function> run{{.fail_index = index}};
    run(function);
    std::string wrong;
    if (!run.failing.has_failed()) {
      wrong = "; it was not asked for: the function must do the same in each run";
    } else if (run.succeeded) {
      wrong = "; the function succeeded all the same: it must tell its caller";
    }
    wrong += sum_of(run.ledger.take_findings());
    if (!wrong.empty()) {
      const std::source_location& place = run.failing.failed_at();
      report += "with allocation " + std::to_string(index + 1) + " of " + std::to_string(count) + " failing";
      if (run.failing.has_failed() && place.line() != 0) {
        report += " (" + std::string(place.file_name()) + ":" + std::to_string(place.line()) + ")";
      }
      report += wrong.replace(0, 1, ":") + "\n";
    }
  }
  return report;
}

}  // namespace detail

// Runs `function(ar::Allocator)` to see how many allocations it makes, and then once for each of them, with
// that one, and only that one, failing. Blocks never grow in place meanwhile, so that each growth is an
// allocation, too. Each time the function must give back what it allocated and, when something failed, say
// so: by a std::expected without value, by false, or by std::bad_alloc. What it returns is destroyed, which
// must release what belongs to it. Returns what was wrong, a line each; "" if nothing was. Takes time with
// the square of the number of allocations.
template <class Function>
[[nodiscard]] std::string check_all_allocation_failures(Function&& function) {
  static_assert(std::is_invocable_v<Function&, Allocator>,
                "check_all_allocation_failures: the function takes an ar::Allocator");
  return detail::check_failures(function);
}

namespace detail {

// The functions of heap_watch.h, as linked or, in a program that was linked without them, as preloaded.
struct HeapWatchFunctions {
  decltype(&::ar_heap__watch_begin) begin = found(&::ar_heap__watch_begin, "ar_heap__watch_begin");
  decltype(&::ar_heap__watch_end) end = found(&::ar_heap__watch_end, "ar_heap__watch_end");
  decltype(&::ar_heap__watch_tell) tell = found(&::ar_heap__watch_tell, "ar_heap__watch_tell");

 private:
  template <class Function>
  [[nodiscard]] static Function* found(Function* linked, const char* name) noexcept {
    return linked != nullptr ? linked : reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
  }
};

// Counts the calling thread's uses of the heap while it lives.
class HeapWatch {
 public:
  explicit HeapWatch(const HeapWatchFunctions& functions) noexcept
      : functions_(functions), began_(functions.begin(&counts_) != 0) {}
  ~HeapWatch() { end(); }
  HeapWatch(const HeapWatch&) = delete;
  HeapWatch& operator=(const HeapWatch&) = delete;

  [[nodiscard]] bool began() const noexcept { return began_; }
  const ::ar_heap__watch& end() noexcept {
    if (began_ && !std::exchange(ended_, true)) {
      functions_.end(&counts_);
    }
    return counts_;
  }

 private:
  const HeapWatchFunctions& functions_;
  ::ar_heap__watch counts_{};
  bool began_;
  bool ended_ = false;
};

// Whether malloc and operator new arrive at the heap that is watched: another one may serve them.
[[nodiscard]] inline bool sees_malloc(const HeapWatchFunctions& functions) {
  void* (*volatile allocate)(std::size_t) = &std::malloc;  // volatile, or the compiler would drop the pair
  void (*volatile release)(void*) = &std::free;
  HeapWatch watch{functions};
  release(allocate(1));
  ::operator delete(::operator new(1));
  const ::ar_heap__watch& counts = watch.end();
  return counts.allocations == 2 && counts.releases == 2;
}

[[nodiscard]] inline std::string number_of(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace detail

// Runs `function()` and sees whether the calling thread touches the heap meanwhile, by malloc, operator new
// or anything else, itself or in a library. Returns what was wrong, "" if nothing was; where the first
// allocation was is also said on standard error. Needs the tracked heap in the process (arpent::heap linked,
// or libarpent-preload.so preloaded), tracking on or off: without it, or where another malloc serves the
// process, nothing can be seen, and that is returned as what is wrong. Not seen are other threads, and memory
// that is mapped without the heap (ar::page_allocator). Not to be nested.
template <class Function>
[[nodiscard]] std::string expect_no_allocations(Function&& function) {
  static_assert(std::is_invocable_v<Function&>, "expect_no_allocations: the function takes no arguments");
  const detail::HeapWatchFunctions functions;
  if (functions.begin == nullptr || functions.end == nullptr || functions.tell == nullptr) {
    return "expect_no_allocations cannot see malloc: link arpent::heap, or preload libarpent-preload.so";
  }
  if (!detail::sees_malloc(functions)) {
    return "expect_no_allocations cannot see malloc: another one than Arpent's serves it, or this thread is "
           "watched already";
  }
  detail::HeapWatch watch{functions};
  static_cast<void>(function());
  const ::ar_heap__watch& counts = watch.end();
  if (counts.allocations == 0 && counts.releases == 0) {
    return "";
  }
  functions.tell(&counts);
  return "the heap is used where it must not be: " + detail::number_of(counts.allocations, "allocation") +
         ", " + detail::number_of(counts.releases, "release");
}

}  // namespace ar::testing
