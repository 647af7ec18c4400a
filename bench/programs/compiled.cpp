// What the compiler is given to compile: large headers, and enough use of them that templates are
// instantiated and optimised.
#include <iostream>
#include <map>
#include <regex>
#include <string>

std::map<std::string, int> count_words(const std::string& text) {
  static const std::regex word("[[:alpha:]]+");
  std::map<std::string, int> counts;
  for (std::sregex_iterator match(text.begin(), text.end(), word), end; match != end; ++match) {
    ++counts[match->str()];
  }
  return counts;
}

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    for (const auto& [word, count] : count_words(line)) {
      std::cout << word << ' ' << count << '\n';
    }
  }
}
