// One program, checked in two ways: built with -DARPENT_CHECKED it allocates from a safe general purpose
// allocator; without, from malloc, which -fsanitize=address replaces. It builds and drops word counts; prints
// the nanoseconds of one round.
#include <arpent/c_allocator.hpp>
#include <arpent/general_purpose_allocator.hpp>
#include <arpent/std_allocator.hpp>

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace {

using String = std::basic_string<char, std::char_traits<char>, ar::StdAllocator<char>>;
using Counts = std::map<String, int, std::less<>, ar::StdAllocator<std::pair<const String, int>>>;

int round(ar::Allocator allocator) {
  Counts counts{allocator};
  for (unsigned i = 0; i < 20'000; ++i) {
    String word{"a word that is too long to lie in the string itself ", allocator};
    word += static_cast<char>('a' + i * 7 % 26);
    word += static_cast<char>('a' + i / 26 % 26);
    ++counts[std::move(word)];
  }
  return static_cast<int>(counts.size());
}

}  // namespace

int main() {
#ifdef ARPENT_CHECKED
  ar::GeneralPurposeAllocator<> general_purpose;
  const ar::Allocator allocator = general_purpose.allocator();
#else
  const ar::Allocator allocator = ar::c_allocator;
#endif
  int sum = round(allocator);
  constexpr int rounds = 20;
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    sum += round(allocator);
  }
  const auto spent = std::chrono::steady_clock::now() - before;
  std::printf("%lld\n", static_cast<long long>(std::chrono::nanoseconds(spent).count() / rounds));
  return sum == 0 ? 1 : 0;
}
