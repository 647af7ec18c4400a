// ar::ml::Session: a model, and the memory that one inference after the other works in. For C++23.
//
//   const Classifier model{*weights};
//   ar::ml::Session session{model, ar::c_allocator};
//   const auto scores = session.run(image, result_allocator);
//
// The model, which may be views of a WeightStore, is shared by all threads; each has a session of its own.
// run calls model.infer(image, scratch, result_allocator).
//
// Two allocators serve an inference. What it needs for itself comes from the session's arena, which is empty
// again when run returns; what it returns comes from the caller's allocator and outlives the arena. The arena
// keeps its memory, so a warm session, one that has seen the largest of its inputs, allocates nothing from
// anybody but the caller's allocator.
//
// Of an outlier the arena keeps no more than `retain_limit`. An inference that would have more than
// `scratch_limit` at once is refused memory, whatever came before it, and the model says so as it does of any
// allocation that fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "../allocator.hpp"
#include "../arena_allocator.hpp"
#include "../limit_allocator.hpp"

namespace ar::ml {

// Bytes.
struct SessionOptions {
  std::size_t first_chunk = 64 * 1024;  // of the arena; what is about enough spares the first run some growth
  std::size_t retain_limit = SIZE_MAX;  // what the arena keeps at most between two inferences
  std::size_t scratch_limit = SIZE_MAX;  // what one inference may have in the arena at once
};

// What a Session runs: `infer` computes a result from the input, with scratch memory that it need not give
// back and with results from an allocator of their own. It returns a std::expected, and must not keep scratch
// memory.
template <class Model, class Input>
concept Inferable = requires(const Model& model, const Input& input, Allocator allocator) {
  model.infer(input, allocator, allocator).has_value();
};

// Not for several threads at once: each has a session of its own, and all share the model. Neither copied nor
// moved.
template <class Model>
class Session {
 public:
  // The model, and `backing`, which the arena's memory comes from, must outlive the session. The
  // description's text is what reports call the arena.
  explicit Session(const Model& model, Allocator backing, SessionOptions options = {},
                   Description description = {"inference scratch", std::source_location::current()}) noexcept
      : model_(&model),
        options_(options),
        scratch_{.arena = ArenaAllocator{backing, {.first_chunk = options.first_chunk}, description}} {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // One inference. The result is the model's, value or error, and its memory the result allocator's; the
  // arena is empty again in either case, also when the model throws.
  template <class Input>
    requires Inferable<Model, Input>
  [[nodiscard]] auto run(const Input& input, Allocator result_allocator) {
    const Ending ending{*this};
    LimitAllocator scratch{Allocator::of(scratch_), options_.scratch_limit};
    return model_->infer(input, scratch.allocator(), result_allocator);
  }

  // Bytes, padding between blocks included: the most that one inference had in the arena at once, of all so
  // far and of the last. What is freed out of order still counts, because an arena does not get it back.
  [[nodiscard]] std::size_t high_water_mark() const noexcept { return high_water_mark_; }
  [[nodiscard]] std::size_t last_high_water_mark() const noexcept { return scratch_.peak; }
  // Bytes that the arena keeps for the next inference.
  [[nodiscard]] std::size_t retained() const noexcept { return scratch_.arena.query_capacity(); }
  [[nodiscard]] std::uint64_t runs() const noexcept { return runs_; }
  [[nodiscard]] const Model& model() const noexcept { return *model_; }

 private:
  // The arena, measured before it takes something back.
  struct Scratch {
    ArenaAllocator arena;
    std::size_t peak = 0;

    void measure() noexcept { peak = std::max(peak, arena.query_used()); }
    [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                  const Description& description) noexcept {
      return arena.raw_alloc(size, alignment, description);
    }
    [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                  const Description& description) noexcept {
      measure();
      return arena.raw_resize(block, size, alignment, new_size, description);
    }
    [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                  const Description& description) noexcept {
      return raw_resize(block, size, alignment, new_size, description) ? block : nullptr;
    }
    void raw_free(void* block, std::size_t size, std::size_t alignment,
                  const Description& description) noexcept {
      measure();
      arena.raw_free(block, size, alignment, description);
    }
  };

  // Ends an inference when the scope is left.
  class Ending {
   public:
    explicit Ending(Session& session) noexcept : session_(session) { session.scratch_.peak = 0; }
    ~Ending() { session_.end_run(); }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;

   private:
    Session& session_;
  };

  void end_run() noexcept {
    scratch_.measure();
    high_water_mark_ = std::max(high_water_mark_, scratch_.peak);
    ++runs_;
    // Without the memory that was to be kept, the next inference asks for it again.
    static_cast<void>(scratch_.arena.reset(retain_with_limit(options_.retain_limit)));
  }

  const Model* model_;
  SessionOptions options_;
  Scratch scratch_;
  std::size_t high_water_mark_ = 0;
  std::uint64_t runs_ = 0;
};

}  // namespace ar::ml
