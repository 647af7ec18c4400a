// Tests src/profile/write/json.hpp
// Its text is what nlohmann-json writes for the same value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "profile/write/json.hpp"

namespace ar::profile {
namespace {

using Reference = nlohmann::ordered_json;

template <typename AnyJson>
AnyJson filled() {
  AnyJson json;
  json["text"] = "quotes \" and \\, \x01, é";
  json["view"] = std::string_view{"view"};
  json["no UTF-8"] = std::string{"\xff!"};
  json["null"] = nullptr;
  json["truth"] = true;
  json["least"] = std::numeric_limits<std::int64_t>::min();
  json["most"] = std::numeric_limits<std::uint64_t>::max();
  json["fractions"] = AnyJson::array({0.1, 1.0, 1e300, -2.5e-7, std::numeric_limits<double>::infinity()});
  json["fields"] = {{"b", 1}, {"a", {{"inner", "x"}}}};
  json["one field"] = {{"key", "value"}};
  json["numbers"] = std::vector<std::uint64_t>{3, 1, 2};
  json["words"] = std::vector<std::string>{"one", "two"};
  json["no elements"] = AnyJson::array();
  json["no fields"] = AnyJson::object();
  json["rows"] = AnyJson::array();
  json["rows"].push_back({{"id", 1}, {"list", AnyJson::array({1, "two", nullptr})}});
  json["rows"].push_back(AnyJson::array());
  json["rows"][1].push_back(-1);
  json["deep"]["er"] = 1U;
  json["text"] = "replaced, at its place";
  return json;
}

TEST(Json, IndentsAsTheLibraryDoes) {
  EXPECT_EQ(filled<Json>().indented(),
            filled<Reference>().dump(2, ' ', false, Reference::error_handler_t::replace));
}

TEST(Json, WritesOnOneLineAsTheLibraryDoes) {
  EXPECT_EQ(filled<Json>().on_one_line(),
            filled<Reference>().dump(-1, ' ', false, Reference::error_handler_t::replace));
}

TEST(Json, IsNullUntilSomethingIsAdded) {
  Json json;
  EXPECT_TRUE(json.is_null());
  EXPECT_EQ(json.indented(), "null");
  json.push_back(Json{{"a", 1}});
  EXPECT_FALSE(json.is_null());
  EXPECT_EQ(json.on_one_line(), R"([{"a":1}])");
}

TEST(Json, CopiesShareNothing) {
  Json json{{"a", 1}};
  const Json copy = json;
  json["a"] = 2;
  EXPECT_EQ(copy.on_one_line(), R"({"a":1})");
}

}  // namespace
}  // namespace ar::profile
