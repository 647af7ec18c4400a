// Tests include/arpent/
// Every allocator that needs no tracked heap keeps the promises of support/allocator_conformance.hpp.
#include "support/allocator_conformance.hpp"

#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/failing_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/logging_allocator.hpp>
#include <arpent/named_allocator.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/pmr.hpp>
#include <arpent/stack_fallback_allocator.hpp>
#include <arpent/testing.hpp>
#include <arpent/thread_safe_allocator.hpp>

#include "support/checked_ledger.hpp"

namespace ar::test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

struct Page {
  static ar::Allocator allocator() { return ar::page_allocator; }
};
struct C {
  static ar::Allocator allocator() { return ar::c_allocator; }
};
struct Arena {
  ar::ArenaAllocator arena{ar::testing::allocator()};
  ar::Allocator allocator() { return arena.allocator(); }
};
struct ArenaOfPages {
  ar::ArenaAllocator of_pages{ar::page_allocator, {.first_chunk = 64 << 10, .largest_chunk = 64 << 20}};
  ar::Allocator allocator() { return of_pages.allocator(); }
};
struct FixedBuffer {
  static constexpr std::size_t size = 256 * mib;  // untouched pages cost nothing
  std::span<std::byte> buffer = ar::page_allocator.alloc<std::byte>(size).value();
  ar::FixedBufferAllocator fixed{buffer};
  FixedBuffer() = default;
  FixedBuffer(const FixedBuffer&) = delete;
  FixedBuffer& operator=(const FixedBuffer&) = delete;
  ~FixedBuffer() { ar::page_allocator.free(buffer); }
  ar::Allocator allocator() { return fixed.allocator(); }
};
struct FixedBufferOfThreads : FixedBuffer {
  ar::Allocator allocator() { return fixed.thread_safe_allocator(); }
};
struct StackFallback {
  ar::StackFallbackAllocator<8192> stack{ar::testing::allocator()};
  ar::Allocator allocator() { return stack.allocator(); }
};
struct ThreadSafe {
  ar::ArenaAllocator arena{ar::testing::allocator()};
  ar::ThreadSafeAllocator safe{arena.allocator()};
  ar::Allocator allocator() { return safe.allocator(); }
};
struct Logging {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere{std::fopen("/dev/null", "w"), &std::fclose};
  ar::LoggingAllocator logging{ar::testing::allocator(), nowhere.get()};
  ar::Allocator allocator() { return logging.allocator(); }
};
struct Limit {
  ar::LimitAllocator limit{ar::testing::allocator(), 96 * mib};
  Limit() = default;
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { EXPECT_EQ(limit.used(), 0U); }
  ar::Allocator allocator() { return limit.allocator(); }
};
struct Named {
  ar::NamedAllocator named{ar::testing::allocator(), "conformance"};
  ar::Allocator allocator() { return named.allocator(); }
};
struct Failing {
  ar::FailingAllocator failing{ar::testing::allocator(), {.refuse_growth = true}};
  ar::Allocator allocator() { return failing.allocator(); }
};
struct Ledger {
  CheckedLedger ledger;
  ar::Allocator allocator() { return ledger.allocator(); }
};
struct ThereAndBack {
  ar::PmrResource resource{ar::testing::allocator()};
  ar::Allocator allocator() { return ar::from_pmr(resource); }
};
struct PmrPool {
  ar::PmrResource resource{ar::testing::allocator()};
  std::pmr::synchronized_pool_resource pool{&resource};
  ar::Allocator allocator() { return ar::from_pmr(pool); }
};

INSTANTIATE_TEST_SUITE_P(
    Ours, AllocatorConformance,
    ::testing::Values(
        subject<Page>("Page", Threads::many), subject<C>("C", Threads::many),
        subject<Arena>("Arena", Threads::one), subject<ArenaOfPages>("ArenaOfPages", Threads::one),
        subject<FixedBuffer>("FixedBuffer", Threads::one),
        subject<FixedBufferOfThreads>("FixedBufferOfThreads", Threads::many),
        subject<StackFallback>("StackFallback", Threads::one),
        subject<ThreadSafe>("ThreadSafe", Threads::many), subject<Logging>("Logging", Threads::many),
        subject<Limit>("Limit", Threads::many), subject<Named>("Named", Threads::many),
        subject<Failing>("Failing", Threads::many), subject<Ledger>("Ledger", Threads::many),
        subject<ThereAndBack>("ThereAndBack", Threads::many), subject<PmrPool>("PmrPool", Threads::many)),
    name_of);

// The ledger behind most of them has seen nothing wrong.
class NothingWrong : public ::testing::Environment {
 public:
  void TearDown() override {
    for (const ar::testing::Finding& finding : ar::testing::ledger().take_findings()) {
      ADD_FAILURE() << finding.text;
    }
  }
};
[[maybe_unused]] const auto* const nothing_wrong = ::testing::AddGlobalTestEnvironment(new NothingWrong);

}  // namespace
}  // namespace ar::test
