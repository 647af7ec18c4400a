// ar::defer and ar::errdefer: what is to be done when a scope is left, always or only on failure.
//
//   std::expected<Pair, ar::Error> make_pair(ar::Allocator allocator) {
//     ar::Outcome outcome;
//     auto first = allocator.create<Item>("first");
//     if (!first) return std::unexpected(first.error());
//     ar::errdefer drop_first{outcome, [&] { allocator.destroy(*first); }};
//     auto second = allocator.create<Item>("second");
//     if (!second) return std::unexpected(second.error());   // destroys the first
//     return outcome(Pair{*first, *second});                 // does not
//   }
//
// How an errdefer knows: C++ does not tell a destructor what its function returns. So the function says it,
// once: it returns its result through an Outcome. What was passed to that is a success, unless it is an error
// itself (a std::unexpected, or a std::expected without value). A function that is left in any other way, by
// returning an error, by an exception, or by a `return` that forgot the Outcome, has failed. So no failure is
// ever missed, and a success that was forgotten shows in the first test of it.
#pragma once

#if !defined(__cplusplus) || __cplusplus <= 202002L
#error "<arpent/defer.hpp> needs C++23 (-std=c++23)"
#endif

#include <exception>
#include <expected>
#include <type_traits>
#include <utility>

#include "module_note.h"

namespace ar {

namespace detail {

template <class T>
inline constexpr bool is_unexpected = false;
template <class E>
inline constexpr bool is_unexpected<std::unexpected<E>> = true;

}  // namespace detail

// Runs an action when its scope is left, in whatever way. The action must not throw.
template <class Action>
class [[nodiscard]] defer {
 public:
  [[nodiscard]] explicit defer(Action action) noexcept(std::is_nothrow_move_constructible_v<Action>)
      : action_(std::move(action)) {}
  ~defer() { action_(); }
  defer(const defer&) = delete;
  defer& operator=(const defer&) = delete;

 private:
  [[no_unique_address]] Action action_;
};

// Whether a function has succeeded. Declared before the errdefers that refer to it.
class Outcome {
 public:
  Outcome() noexcept = default;
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;

  // Notes whether the result is a success, and returns it: `return outcome(result);`
  template <class Result>
  [[nodiscard]] constexpr Result&& operator()(Result&& result) noexcept {
    succeeded_ = is_success(result);
    return std::forward<Result>(result);
  }
  // The success of a function that returns std::expected<void, …>: `return outcome();`
  struct Success {
    template <class E>
    // NOLINTNEXTLINE(google-explicit-constructor): it is what the function returns
    constexpr operator std::expected<void, E>() const noexcept {
      return {};
    }
  };
  [[nodiscard]] constexpr Success operator()() noexcept {
    succeeded_ = true;
    return {};
  }

  // Whether a success has been noted, and none of an error after it.
  [[nodiscard]] constexpr bool succeeded() const noexcept { return succeeded_; }

 private:
  template <class Result>
  [[nodiscard]] static constexpr bool is_success(const Result& result) noexcept {
    if constexpr (detail::is_unexpected<Result>) {
      return false;
    } else if constexpr (requires {
                           result.has_value();
                           result.error();
                         }) {
      return result.has_value();
    } else {
      return true;
    }
  }

  bool succeeded_ = false;
};

// Runs an action when its scope is left and the Outcome is no success by then, or an exception is on its way.
// The action must not throw. Scopes of an errdefer and its Outcome are those of one function.
template <class Action>
class [[nodiscard]] errdefer {
 public:
  [[nodiscard]] errdefer(const Outcome& outcome,
                         Action action) noexcept(std::is_nothrow_move_constructible_v<Action>)
      : outcome_(outcome), exceptions_(std::uncaught_exceptions()), action_(std::move(action)) {}
  ~errdefer() {
    if (!outcome_.succeeded() || std::uncaught_exceptions() > exceptions_) {
      action_();
    }
  }
  errdefer(const errdefer&) = delete;
  errdefer& operator=(const errdefer&) = delete;

 private:
  const Outcome& outcome_;
  int exceptions_;
  [[no_unique_address]] Action action_;
};

}  // namespace ar
