#include "profile/symbols/function_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "platform/wrapper_names.hpp"
#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

// Template arguments up to this length are shown.
constexpr std::size_t longest_arguments = 24;

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '~';
}

// Length of the operator's name at the start of `text` ("operator<<", "operator()", "operator new[]",
// "operator int"); 0 when there is none.
std::size_t operator_length(std::string_view text) {
  constexpr std::string_view keyword = "operator";
  if (!text.starts_with(keyword) ||
      (text.size() > keyword.size() && is_name_character(text[keyword.size()]))) {
    return 0;
  }
  static constexpr std::array<std::string_view, 47> symbols{
      " new[]", " delete[]", " new", " delete", " co_await", "\"\" ", "()", "[]", "<=>", "<<=",  ">>=", "->*",
      "->",     "<<",        ">>",   "<=",      ">=",        "==",    "!=", "&&", "||",  "++",   "--",  "+=",
      "-=",     "*=",        "/=",   "%=",      "^=",        "&=",    "|=", "+",  "-",   "*",    "/",   "%",
      "^",      "&",         "|",    "~",       "!",         "=",     "<",  ">",  ",",   "\"\"", " "};
  const std::string_view rest = text.substr(keyword.size());
  for (const std::string_view symbol : symbols) {
    if (!rest.starts_with(symbol)) {
      continue;
    }
    std::size_t length = keyword.size() + symbol.size();
    if (symbol == " " || symbol.starts_with('"')) {  // a conversion's type, a literal's suffix
      while (length < text.size() && text[length] != '(') {
        ++length;
      }
    }
    return length;
  }
  return 0;
}

// Length of the bracketed text at the start, brackets included; the whole rest when it never closes.
std::size_t bracketed_length(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t skip = operator_length(text.substr(i));
        skip != 0 && i > 0 && !is_name_character(text[i - 1])) {
      i += skip;
      continue;
    }
    const char c = text[i];
    const bool arrow = c == '>' && i > 0 && text[i - 1] == '-';
    if (c == '<' || c == '(' || c == '{' || c == '[') {
      ++depth;
    } else if ((c == '>' && !arrow) || c == ')' || c == '}' || c == ']') {
      if (--depth == 0) {
        return i + 1;
      }
    }
    ++i;
  }
  return text.size();
}

bool in_folder(std::string_view file, std::string_view folder) {
  return file.find(folder) != std::string_view::npos;
}

}  // namespace

std::string short_name(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size();) {
    const std::string_view rest = name.substr(i);
    const bool at_word = i == 0 || !is_name_character(name[i - 1]);
    const std::size_t operator_name = at_word ? operator_length(rest) : 0;
    if (operator_name != 0) {
      out += rest.substr(0, operator_name);
      i += operator_name;
    } else if (rest.starts_with("(anonymous namespace)")) {
      out += "(anonymous namespace)";
      i += std::string_view{"(anonymous namespace)"}.size();
    } else if (rest.starts_with('{')) {  // {lambda(int)#1}
      const std::size_t length = bracketed_length(rest);
      out += rest.starts_with("{lambda") ? std::string_view{"{lambda}"} : rest.substr(0, length);
      i += length;
    } else if (rest.starts_with('<')) {
      const std::size_t length = bracketed_length(rest);
      out += length <= longest_arguments ? std::string{rest.substr(0, length)} : std::string{"<…>"};
      i += length;
    } else if (rest.starts_with('[')) {  // [clone .cold], [abi:cxx11]
      i += bracketed_length(rest);
    } else if (rest.starts_with('(')) {
      const std::size_t length = bracketed_length(rest);
      i += length;
      // The parameters of a function that encloses a local class or lambda are followed by its name.
      const std::size_t next = name.substr(i).starts_with(" const::") ? i + 6 : i;
      if (!name.substr(next).starts_with("::")) {
        break;
      }
      i = next;
    } else if (rest.starts_with(" <")) {  // operator< <int>
      ++i;
    } else if (rest.starts_with(' ')) {
      out.clear();  // what came before was the return type
      ++i;
    } else {
      out += rest.front();
      ++i;
    }
  }
  while (out.ends_with(' ')) {
    out.pop_back();
  }
  return out.empty() ? std::string{name} : out;
}

bool is_wrapper(std::string_view function, std::string_view file) {
  static constexpr std::array<std::string_view, 3> wrapper_folders{"/include/c++/", "/c++/v1/",
                                                                   "/include/arpent/"};
  // Zig's standard library, where its compiler has been installed.
  static constexpr std::array<std::string_view, 2> zig_folders{"/lib/std/", "/zig/std/"};
  if (file.ends_with(".zig") &&
      std::ranges::any_of(zig_folders, [&](std::string_view folder) { return in_folder(file, folder); })) {
    return true;
  }
  if (std::ranges::any_of(wrapper_folders,
                          [&](std::string_view folder) { return in_folder(file, folder); })) {
    return true;
  }
  static constexpr std::array<std::string_view, 4> wrapper_files{"new_allocator.h", "alloc_traits.h",
                                                                 "cimport.zig", "ar_allocator.zig"};
  if (std::ranges::find(wrapper_files, file_name(file)) != wrapper_files.end()) {
    return true;
  }
  const std::string name{function};
  return platform::begins_with_one_of(name.c_str(), platform::cxx_allocator_names) ||
         platform::begins_with_one_of(name.c_str(), platform::zig_allocator_names) ||
         (file.empty() && platform::begins_with_one_of(name.c_str(), platform::zig_library_names));
}

}  // namespace ar::profile
