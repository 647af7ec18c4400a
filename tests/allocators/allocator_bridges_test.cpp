// Tests include/arpent/pmr.hpp include/arpent/std_allocator.hpp include/arpent/owned.hpp
// Between ar::Allocator and the rest of C++: containers, memory resources, owners, defer and errdefer.
#include <gtest/gtest.h>

#include <arpent/arena_allocator.hpp>
#include <arpent/defer.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/owned.hpp>
#include <arpent/pmr.hpp>
#include <arpent/std_allocator.hpp>
#include <cstddef>
#include <deque>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/checked_ledger.hpp"

namespace ar::test {
namespace {

template <class T>
using Vector = std::vector<T, ar::StdAllocator<T>>;

class Bridges : public ::testing::Test {
 protected:
  CheckedLedger ledger_;
  ar::Allocator allocator_ = ledger_.allocator();
  CheckedLedger other_;
};

// ----- containers -----

TEST_F(Bridges, ContainersTakeAnAllocator) {
  Vector<int> vector{allocator_};
  std::deque<int, ar::StdAllocator<int>> deque{allocator_};
  std::list<int, ar::StdAllocator<int>> list{allocator_};
  std::map<int, int, std::less<>, ar::StdAllocator<std::pair<const int, int>>> map{allocator_};
  std::unordered_map<int, int, std::hash<int>, std::equal_to<>, ar::StdAllocator<std::pair<const int, int>>>
      hashed{allocator_};
  std::basic_string<char, std::char_traits<char>, ar::StdAllocator<char>> string{allocator_};
  for (int i = 0; i < 1000; ++i) {
    vector.push_back(i);
    deque.push_back(i);
    list.push_back(i);
    map[i] = i;
    hashed[i] = i;
    string.push_back('x');
  }
  EXPECT_GT(ledger_.now(), 3000U);
  EXPECT_EQ(vector[999] + deque[999] + list.back() + map[999] + hashed[999], 5 * 999);
}

TEST_F(Bridges, ContainersThrowWithoutMemory) {
  ar::LimitAllocator limit{allocator_, 100};
  Vector<int> vector{limit.allocator()};
  EXPECT_THROW(vector.resize(26), std::bad_alloc);
  EXPECT_NO_THROW(vector.resize(25));
  ar::StdAllocator<int> standard{allocator_};
  volatile std::size_t too_many = PTRDIFF_MAX / sizeof(int) + 1;
  EXPECT_THROW((void)standard.allocate(too_many), std::bad_array_new_length);
  standard.deallocate(standard.allocate(0), 0);
}

TEST_F(Bridges, AContainerThatIsMovedTakesItsAllocatorAlong) {
  Vector<int> from(100, 7, allocator_);
  Vector<int> to(10, 1, ar::StdAllocator<int>{other_.allocator()});
  const int* const items = from.data();
  const auto allocations = other_.now();
  to = std::move(from);
  EXPECT_EQ(to.data(), items);
  EXPECT_EQ(to.get_allocator(), ar::StdAllocator<int>{allocator_});
  Vector<int> third(5, 2, ar::StdAllocator<int>{other_.allocator()});
  std::swap(to, third);
  EXPECT_EQ(third.data(), items);
  EXPECT_EQ(other_.now(), allocations + 1);
}

TEST_F(Bridges, AContainerThatIsCopiedToKeepsItsOwn) {
  const Vector<int> from(100, 7, allocator_);
  Vector<int> to{ar::StdAllocator<int>{other_.allocator()}};
  to = from;
  EXPECT_EQ(to.get_allocator(), ar::StdAllocator<int>{other_.allocator()});
  const Vector<int> copy = from;
  EXPECT_EQ(copy.get_allocator(), from.get_allocator());
}

// ----- memory resources -----

TEST_F(Bridges, AnAllocatorIsAMemoryResource) {
  ar::PmrResource resource{allocator_};
  {
    std::pmr::vector<std::pmr::string> strings{&resource};
    for (int i = 0; i < 100; ++i) {
      strings.emplace_back("a string that is too long to lie in its object");
    }
    EXPECT_GE(ledger_.now(), 100U);
  }
  ar::PmrResource same{allocator_};
  ar::PmrResource different{other_.allocator()};
  EXPECT_TRUE(resource.is_equal(same));
  EXPECT_FALSE(resource.is_equal(different));
  EXPECT_FALSE(resource.is_equal(*std::pmr::new_delete_resource()));
  ar::PmrResource refusing{ar::null_allocator};
  EXPECT_THROW((void)refusing.allocate(1), std::bad_alloc);
  volatile std::size_t too_large = static_cast<std::size_t>(PTRDIFF_MAX) + 1;
  EXPECT_THROW((void)resource.allocate(too_large), std::bad_alloc);
  resource.deallocate(resource.allocate(0), 0);
}

TEST_F(Bridges, AMemoryResourceIsAnAllocator) {
  ar::PmrResource below{allocator_};
  std::pmr::monotonic_buffer_resource monotonic{&below};
  const ar::Allocator allocator = ar::from_pmr(monotonic);
  const auto name = allocator.dupe_z("a name").value();
  EXPECT_STREQ(name.data(), "a name");
  allocator.free(name);
  EXPECT_EQ(ledger_.now(), 1U);
  EXPECT_EQ(ar::from_pmr(*std::pmr::null_memory_resource()).alloc<int>(1).error(), ar::Error::out_of_memory);
  EXPECT_EQ(allocator, ar::from_pmr(monotonic));
}

// ----- owners -----

struct Agent {
  Agent(int given_number, bool refuses) : number(given_number) {
    if (refuses) {
      throw std::runtime_error("refused");
    }
    ++living;
  }
  Agent() : Agent(0, false) {}
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent() { --living; }
  int number;
  static inline int living = 0;
};

TEST_F(Bridges, OwnedReleasesItsObject) {
  {
    auto made = ar::make_owned<Agent>(allocator_, "agent", 7, false);
    ASSERT_TRUE(made);
    ar::Owned<Agent> agent = std::move(*made);
    EXPECT_FALSE(*made);
    EXPECT_TRUE(agent);
    EXPECT_EQ(agent->number, 7);
    EXPECT_EQ((*agent).number, 7);
    ar::Owned<Agent> second = ar::make_owned<Agent>(other_.allocator()).value();
    EXPECT_EQ(Agent::living, 2);
    second = std::move(agent);  // ends what it had, where that came from
    EXPECT_EQ(Agent::living, 1);
    EXPECT_EQ(second.allocator(), allocator_);
    EXPECT_EQ(second->number, 7);
  }
  EXPECT_EQ(Agent::living, 0);
}

TEST_F(Bridges, OwnedGivesItsObjectUp) {
  ar::Owned<Agent> agent = ar::make_owned<Agent>(allocator_).value();
  Agent* const object = agent.release();
  EXPECT_EQ(agent.get(), nullptr);
  ar::Owned<Agent> again{allocator_, object};
  again.reset();
  EXPECT_EQ(again.get(), nullptr);
  EXPECT_EQ(Agent::living, 0);
  const ar::Owned<Agent> nothing;
  EXPECT_EQ(nothing.allocator(), ar::null_allocator);
}

TEST_F(Bridges, MakeOwnedPassesOnWhatGoesWrong) {
  EXPECT_EQ(ar::make_owned<Agent>(ar::null_allocator).error(), ar::Error::out_of_memory);
  EXPECT_EQ(ar::make_owned_span<Agent>(ar::null_allocator, 3).error(), ar::Error::out_of_memory);
  EXPECT_THROW((void)ar::make_owned<Agent>(allocator_, "agent", 7, true), std::runtime_error);
  static_assert(noexcept(ar::make_owned<int>(allocator_, "number", 1)));
}

TEST_F(Bridges, OwnedSpanReleasesItsItems) {
  {
    auto agents = ar::make_owned_span<Agent>(allocator_, 5, "agents");
    ASSERT_TRUE(agents);
    EXPECT_EQ(agents->size(), 5U);
    (*agents)[4].number = 4;
    int sum = 0;
    for (const Agent& agent : *agents) {
      sum += agent.number;
    }
    EXPECT_EQ(sum, 4);
    ar::OwnedSpan<Agent> moved = std::move(*agents);
    EXPECT_TRUE(agents->empty());
    ar::OwnedSpan<Agent> second = ar::make_owned_span<Agent>(other_.allocator(), 2).value();
    second = std::move(moved);
    EXPECT_EQ(Agent::living, 5);
    EXPECT_EQ(second.get().size(), 5U);
    const std::span<Agent> released = second.release();
    EXPECT_EQ(second.data(), nullptr);
    second = ar::OwnedSpan<Agent>{allocator_, released};
    second.reset();
    EXPECT_EQ(Agent::living, 0);
  }
  const ar::OwnedSpan<int> none = ar::make_owned_span<int>(allocator_, 0).value();
  EXPECT_TRUE(none.empty());
}

// ----- defer and errdefer -----

TEST(Defer, RunsWhenTheScopeIsLeft) {
  std::string order;
  {
    const ar::defer first{[&] { order += "first "; }};
    const ar::defer second{[&] { order += "second "; }};
    order += "body ";
  }
  EXPECT_EQ(order, "body second first ");
  try {
    const ar::defer thrown_over{[&] { order += "thrown"; }};
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(order, "body second first thrown");
}

enum class End {
  value,
  error,
  expected_value,
  expected_error,
  outcome_of_error,
  exception,
  late_exception,
  forgotten
};

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("copied"); }
  ThrowsWhenCopied& operator=(const ThrowsWhenCopied&) = delete;
  ~ThrowsWhenCopied() = default;
};

std::expected<int, ar::Error> ends(End end, int& undone) {
  ar::Outcome outcome;
  const ar::errdefer undo{outcome, [&] { ++undone; }};
  switch (end) {
    case End::value:
      return outcome(1);
    case End::error:
      return std::unexpected(ar::Error::out_of_memory);
    case End::expected_value:
      return outcome(std::expected<int, ar::Error>{2});
    case End::expected_error:
      return outcome(std::expected<int, ar::Error>{std::unexpected(ar::Error::out_of_memory)});
    case End::outcome_of_error:
      return outcome(std::unexpected(ar::Error::out_of_memory));
    case End::exception:
      throw std::runtime_error("exception");
    case End::late_exception: {
      const ThrowsWhenCopied object;
      const ThrowsWhenCopied copy = outcome(object);  // a success, but what is returned cannot be made
      return 3;
    }
    case End::forgotten:
      return 4;
  }
  return 5;
}

TEST(Errdefer, RunsOnFailureOnly) {
  const auto undone = [](End end) {
    int count = 0;
    try {
      (void)ends(end, count);
    } catch (const std::runtime_error&) {
    }
    return count;
  };
  EXPECT_EQ(undone(End::value), 0);
  EXPECT_EQ(undone(End::expected_value), 0);
  EXPECT_EQ(undone(End::error), 1);
  EXPECT_EQ(undone(End::expected_error), 1);
  EXPECT_EQ(undone(End::outcome_of_error), 1);
  EXPECT_EQ(undone(End::exception), 1);
  EXPECT_EQ(undone(End::late_exception), 1);
  EXPECT_EQ(undone(End::forgotten), 1);
}

std::expected<void, ar::Error> gives_nothing(bool fails, bool& undone) {
  ar::Outcome outcome;
  const ar::errdefer undo{outcome, [&] { undone = true; }};
  if (fails) {
    return std::unexpected(ar::Error::out_of_memory);
  }
  return outcome();
}

TEST(Errdefer, KnowsFunctionsWithoutValue) {
  bool undone = false;
  EXPECT_TRUE(gives_nothing(false, undone));
  EXPECT_FALSE(undone);
  EXPECT_FALSE(gives_nothing(true, undone));
  EXPECT_TRUE(undone);
}

TEST(Errdefer, RunsWithinADestructorDuringAnException) {
  // An exception that was on its way before is not the function's own.
  struct InDestructor {
    int& undone;
    ~InDestructor() { (void)ends(End::value, undone); }
  };
  int undone = 0;
  try {
    const InDestructor in_destructor{undone};
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(undone, 0);
}

struct Pair {
  int* first;
  int* second;
};

std::expected<Pair, ar::Error> make_pair_of(ar::Allocator allocator) {
  ar::Outcome outcome;
  const auto first = allocator.create<int>("first", 1);
  if (!first) {
    return std::unexpected(first.error());
  }
  const ar::errdefer drop_first{outcome, [&] { allocator.destroy(*first); }};
  const auto second = allocator.create<int>("second", 2);
  if (!second) {
    return std::unexpected(second.error());
  }
  return outcome(Pair{*first, *second});
}

TEST_F(Bridges, ErrdeferUndoesWhatWasBegun) {
  ar::FailingAllocator failing{allocator_, {.fail_index = 1}};
  EXPECT_FALSE(make_pair_of(failing.allocator()));
  const Pair pair = make_pair_of(allocator_).value();
  allocator_.destroy(pair.first);
  allocator_.destroy(pair.second);
}

}  // namespace
}  // namespace ar::test
