// A JSON value that is built up and then written as text.
//
// It stands before nlohmann-json: a unit that sees that library takes three to five times as long to compile.
// Of the writers, json.cpp alone does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace ar::profile {

class Json {
 public:
  struct Field;

  Json();  // null, until a field or an element is added
  Json(std::nullptr_t);
  Json(bool truth);
  Json(int number);
  Json(unsigned number);
  Json(long number);
  Json(unsigned long number);
  Json(double number);
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  Json(std::initializer_list<Field> fields);  // an object
  // Nothing can be added to one of numbers. A report has stacks of millions.
  template <typename Element>
  Json(const std::vector<Element>& elements) : Json(array()) {
    if constexpr (std::is_unsigned_v<Element> && !std::is_same_v<Element, bool>) {
      *this = of_numbers({elements.begin(), elements.end()});
    } else {
      for (const Element& element : elements) {
        push_back(element);
      }
    }
  }
  static Json object();
  static Json array(std::initializer_list<Json> elements = {});

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  // Adds the field, as null, if the object lacks it.
  Json& operator[](std::string_view name);
  Json& operator[](std::size_t index);
  void push_back(Json element);
  [[nodiscard]] bool is_null() const;

  // Fields stand in the order in which they were added. Bytes that are no UTF-8 become U+FFFD.
  [[nodiscard]] std::string on_one_line() const;
  [[nodiscard]] std::string indented() const;

 private:
  using Elements = std::vector<Json>;
  using Fields = std::vector<Field>;
  using Numbers = std::vector<std::uint64_t>;

  static Json of_numbers(Numbers numbers);
  void write(std::string& out, bool indents, std::size_t depth) const;

  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Elements, Fields,
               Numbers>
      value_;
};

// Mutable, so that an object takes its fields out of the list that it is made from: copies would be made anew
// at each level of an object in objects.
struct Json::Field {
  mutable std::string name;
  mutable Json value;
};

}  // namespace ar::profile
