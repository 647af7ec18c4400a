// Tests src/ml/weight_store.cpp
#include <arpent/ml/weight_store.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <arpent/failing_allocator.hpp>
#include <arpent/testing.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "weight_files.hpp"

namespace {

using ar::ml::any_size;
using ar::ml::Dtype;
using ar::ml::TensorToWrite;
using ar::ml::WeightError;
using ar::ml::WeightFault;
using ar::ml::WeightStore;
using ar::testing::FileBytes;
using ar::testing::TemporaryFolder;
using ar::testing::two_tensors;
using ar::testing::weight_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

template <class T>
[[nodiscard]] WeightError error_of(const std::expected<T, WeightError>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? WeightError{} : result.error();
}

// One tensor of each type that can be viewed, in an order that would leave most misaligned.
class AllTypes : public ::testing::Test {
 protected:
  template <class T>
  void add(const char* name, Dtype dtype, const std::vector<T>& items) {
    shapes_.push_back({items.size()});
    const auto bytes = std::as_bytes(std::span{items});
    data_.emplace_back(bytes.begin(), bytes.end());
    tensors_.push_back({name, dtype, {}, {}});
  }
  void SetUp() override {
    add<std::uint8_t>("a.u8", Dtype::u8, {1, 2, 255});
    add<double>("b.f64", Dtype::f64, {1.5, -0.1});
    add<std::int8_t>("c.i8", Dtype::i8, {-1});
    add<ar::bf16>("d.bf16", Dtype::bf16, {ar::bf16{1.0F}, ar::bf16{-3.0F}, ar::bf16{0.5F}});
    add<float>("e.f32", Dtype::f32, {0.1F, 0.2F, 0.3F});
    add<std::int64_t>("f.i64", Dtype::i64, {INT64_MIN});
    add<ar::f16>("g.f16", Dtype::f16, {ar::f16{2.0F}});
    add<std::uint16_t>("h.u16", Dtype::u16, {65535});
    add<std::int16_t>("i.i16", Dtype::i16, {-32768});
    add<std::uint32_t>("j.u32", Dtype::u32, {4000000000U});
    add<std::int32_t>("k.i32", Dtype::i32, {-5});
    add<std::uint64_t>("l.u64", Dtype::u64, {UINT64_MAX});
    add<std::uint8_t>("m.bool", Dtype::boolean, {1, 0});
    add<float>("n.none", Dtype::f32, {});
    for (std::size_t index = 0; index < tensors_.size(); ++index) {
      tensors_[index].shape = shapes_[index];
      tensors_[index].data = data_[index];
    }
  }
  void expect_all(const WeightStore& store) {
    ASSERT_EQ(store.tensors().size(), tensors_.size());
    for (std::size_t index = 0; index < tensors_.size(); ++index) {
      const ar::ml::Tensor& tensor = store.tensors()[index];
      EXPECT_EQ(tensor.name, tensors_[index].name);
      EXPECT_EQ(tensor.dtype, tensors_[index].dtype);
      EXPECT_EQ(tensor.shape, shapes_[index]);
      EXPECT_TRUE(std::ranges::equal(tensor.data, data_[index])) << tensor.name;
    }
    EXPECT_THAT(store.view<float>("e.f32").value(), ElementsAre(0.1F, 0.2F, 0.3F));
    EXPECT_THAT(store.view<double>("b.f64").value(), ElementsAre(1.5, -0.1));
    EXPECT_EQ(static_cast<float>(store.view<ar::bf16>("d.bf16").value()[1]), -3.0F);
    EXPECT_EQ(static_cast<float>(store.view<ar::f16>("g.f16").value()[0]), 2.0F);
    EXPECT_THAT(store.view<std::uint8_t>("a.u8").value(), ElementsAre(1, 2, 255));
    EXPECT_THAT(store.view<std::int8_t>("c.i8").value(), ElementsAre(-1));
    EXPECT_THAT(store.view<std::uint16_t>("h.u16").value(), ElementsAre(65535));
    EXPECT_THAT(store.view<std::int16_t>("i.i16").value(), ElementsAre(-32768));
    EXPECT_THAT(store.view<std::uint32_t>("j.u32").value(), ElementsAre(4000000000U));
    EXPECT_THAT(store.view<std::int32_t>("k.i32").value(), ElementsAre(-5));
    EXPECT_THAT(store.view<std::uint64_t>("l.u64").value(), ElementsAre(UINT64_MAX));
    EXPECT_THAT(store.view<std::int64_t>("f.i64").value(), ElementsAre(INT64_MIN));
    EXPECT_TRUE(store.view<float>("n.none", {0}).value().empty());
    EXPECT_EQ(store.metadata("format"), "test \"1\"\n");
    EXPECT_EQ(store.metadata("other"), std::nullopt);
  }
  [[nodiscard]] std::string written() const {
    const std::string path = folder_.file("all.safetensors");
    const std::array metadata{std::pair<std::string_view, std::string_view>{"format", "test \"1\"\n"}};
    const auto done = ar::ml::write_weights(path, tensors_, metadata);
    EXPECT_TRUE(done.has_value()) << done.error().text;
    return path;
  }

  TemporaryFolder folder_;
  std::vector<TensorToWrite> tensors_;
  std::vector<std::vector<std::size_t>> shapes_;
  std::vector<std::vector<std::byte>> data_;
};

TEST_F(AllTypes, ComeBackMapped) {
  const auto store = WeightStore::map(written());
  ASSERT_TRUE(store.has_value()) << store.error().text;
  expect_all(*store);
  EXPECT_EQ(store->size(), 3U + 16 + 1 + 6 + 12 + 8 + 2 + 2 + 2 + 4 + 4 + 8 + 2);
  EXPECT_EQ(folder_.count(), 1U);  // nothing is left of how it was made
}

TEST_F(AllTypes, ComeBackCopiedEachAtAMultipleOf64) {
  const std::string path = written();
  ar::testing::Ledger ledger;
  {
    auto store = WeightStore::copy(path, ledger.allocator());
    ASSERT_TRUE(store.has_value()) << store.error().text;
    EXPECT_EQ(ledger.now(), 1U);  // one block
    expect_all(*store);
    for (const ar::ml::Tensor& tensor : store->tensors()) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % 64, 0U) << tensor.name;
    }
    const float* const before = store->view<float>("e.f32")->data();
    WeightStore moved{std::move(*store)};
    EXPECT_EQ(moved.view<float>("e.f32")->data(), before);
    auto another = WeightStore::copy(path, ledger.allocator());
    ASSERT_TRUE(another.has_value());
    moved = std::move(*another);  // gives the first block back
    expect_all(moved);
  }
  EXPECT_THAT(ledger.take_findings(), ::testing::IsEmpty());
}

TEST_F(AllTypes, CopyGivesBackWhatItHasWhenItFails) {
  const std::string path = written();
  EXPECT_EQ(ar::testing::check_all_allocation_failures(
                [&](ar::Allocator allocator) { return WeightStore::copy(path, allocator); }),
            "");
  const WeightError error = error_of(WeightStore::copy(path, ar::null_allocator));
  EXPECT_EQ(error.fault, WeightFault::out_of_memory);
  EXPECT_THAT(error.text, AllOf(StartsWith(path + ": no block of "), HasSubstr("out of memory")));
}

TEST_F(AllTypes, EveryBeginningOfAFileIsRefused) {
  std::ifstream stream{written(), std::ios::binary};
  const std::string whole{std::istreambuf_iterator<char>{stream}, {}};
  ASSERT_GT(whole.size(), 500U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const FileBytes bytes{std::string_view{whole}.substr(0, size)};
    const WeightError error = error_of(WeightStore::view(bytes.get()));
    const bool names_the_tensor = error.fault == WeightFault::out_of_range && !error.tensor.empty();
    ASSERT_TRUE(error.fault == WeightFault::truncated || names_the_tensor) << size << ": " << error.text;
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{40}, whole.size() - 1}) {
    const std::string path = folder_.file("short.safetensors", std::string_view{whole}.substr(0, size));
    const WeightError mapped = error_of(WeightStore::map(path));
    const WeightError copied = error_of(WeightStore::copy(path, ar::testing::allocator()));
    EXPECT_THAT(mapped.text, StartsWith(path + ": "));
    EXPECT_EQ(mapped.text, copied.text);
    EXPECT_EQ(mapped.fault, copied.fault);
  }
}

// One bit wrong somewhere: refused, or whatever is accepted lies within the file.
TEST_F(AllTypes, EveryWrongBitIsSurvived) {
  std::ifstream stream{written(), std::ios::binary};
  std::string whole{std::istreambuf_iterator<char>{stream}, {}};
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      whole[at] = static_cast<char>(whole[at] ^ static_cast<char>(1U << bit));
      const FileBytes bytes{whole};
      const auto store = WeightStore::view(bytes.get());
      if (store) {
        std::size_t sum = 0;
        for (const ar::ml::Tensor& tensor : store->tensors()) {
          sum = std::accumulate(
              tensor.data.begin(), tensor.data.end(), sum,
              [](std::size_t so_far, std::byte byte) { return so_far + static_cast<std::size_t>(byte); });
        }
        EXPECT_NE(sum, 0U);
      } else {
        ++refused;
        EXPECT_THAT(store.error().text, Not(HasSubstr("\n")));
      }
      whole[at] = static_cast<char>(whole[at] ^ static_cast<char>(1U << bit));
    }
  }
  EXPECT_GT(refused, whole.size());
}

TEST(WeightStore, ShapesAreChecked) {
  const FileBytes file{weight_file(
      R"({"w":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]},"s":{"dtype":"U8","shape":[],"data_offsets":[6,7]}} )",
      7)};
  const auto store = WeightStore::view(file.get());
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_THAT(store->view<std::uint8_t>("w", {2, 3}).value(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(store->view<std::uint8_t>("w", {any_size, 3}).has_value());
  EXPECT_THAT(store->view<std::uint8_t>("s", std::span<const std::size_t>{}).value(), ElementsAre(6));
  const WeightError error = error_of(store->view<std::uint8_t>("w", {any_size, 4}));
  EXPECT_EQ(error.fault, WeightFault::wrong_shape);
  EXPECT_EQ(error.tensor, "w");
  EXPECT_EQ(error.text, "tensor \"w\": its shape is [2, 3], and [any, 4] was asked for");
  EXPECT_EQ(error_of(store->view<std::uint8_t>("w", {6})).fault, WeightFault::wrong_shape);
  EXPECT_EQ(error_of(store->view<std::uint8_t>("w", {3, 2})).fault, WeightFault::wrong_shape);
}

TEST(WeightStore, WrongQuestionsAreErrorsThatNameTheTensor) {
  const FileBytes file{weight_file(two_tensors, 7)};
  const auto store = WeightStore::view(file.get());
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_EQ(error_of(store->view<float>("c")).text, "tensor \"c\": there is none of this name among the 2");
  EXPECT_EQ(error_of(store->view<float>("c")).fault, WeightFault::not_found);
  EXPECT_EQ(error_of(store->view<std::int8_t>("a")).text,
            "tensor \"a\": its dtype is U8, and I8 was asked for");
  EXPECT_EQ(error_of(store->view<std::int8_t>("a")).fault, WeightFault::wrong_dtype);
}

TEST(WeightStore, AMisalignedTensorIsToldAndACopyMendsIt) {
  const TemporaryFolder folder;
  const std::string path = folder.file(
      "odd.safetensors", weight_file(std::string{two_tensors} + (two_tensors.size() % 2 == 0 ? "" : " "), 7));
  const auto mapped = WeightStore::map(path);
  ASSERT_TRUE(mapped.has_value()) << mapped.error().text;
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped->find("b")->data.data());
  ASSERT_EQ(begin % 2, 1U) << "the test's header must leave b at an odd place";
  const WeightError error = error_of(mapped->view<std::int16_t>("b"));
  EXPECT_EQ(error.fault, WeightFault::misaligned);
  EXPECT_THAT(error.text, AllOf(StartsWith(path + ": tensor \"b\": "), HasSubstr("WeightStore::copy")));
  const auto copied = WeightStore::copy(path, ar::testing::allocator());
  ASSERT_TRUE(copied.has_value()) << copied.error().text;
  EXPECT_THAT(copied->view<std::int16_t>("b").value(), ElementsAre(0x0403, 0x0605));
}

struct BadFile {
  const char* header;
  std::size_t data_size;
  WeightFault fault;
  const char* text;
};

TEST(WeightStore, BadHeadersAreToldInOneLine) {
  const std::vector<BadFile> files{
      {"[]", 0, WeightFault::malformed, "the header does not begin with '{'"},
      {" {}", 0, WeightFault::malformed, "the header does not begin with '{'"},
      {"{", 0, WeightFault::malformed, "byte 1 of the header: '\"' is missing"},
      {"{} x", 0, WeightFault::malformed, "byte 3 of the header: there is more after the end of the object"},
      {"{\"\xff\":1}", 0, WeightFault::malformed, "the header is not UTF-8"},
      {R"({"a":1})", 0, WeightFault::malformed, R"(tensor "a": byte 5 of the header: '{' is missing)"},
      {R"({"a)", 0, WeightFault::malformed, "byte 3 of the header: a string without end"},
      {R"({"a\q":1})", 0, WeightFault::malformed, "byte 4 of the header: an escape that JSON does not have"},
      {R"({"\ud800":1})", 0, WeightFault::malformed, "byte 8 of the header: half of a surrogate pair"},
      {R"({"\u12g4":1})", 0, WeightFault::malformed,
       "byte 6 of the header: \\u without four hexadecimal digits"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},})", 1, WeightFault::malformed,
       "byte 53 of the header: '\"' is missing"},
      {R"({"a":{"dtype":"U8","shape":[1]}})", 1, WeightFault::malformed,
       R"(tensor "a": it has no data_offsets)"},
      {R"({"a":{"x":}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 10 of the header: a value is missing)"},
      {R"({"a":{"x":[1,{"y":[}]}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 19 of the header: a value is missing)"},
      {R"({"a":{"x":[1}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 12 of the header: ',' is missing)"},
      {R"({"a":{"x":-01}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 13 of the header: a number that begins with 0)"},
      {R"({"a":{"x":1.}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 12 of the header: a number without digits after the point)"},
      {R"({"a":{"x":1e}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 12 of the header: a number without digits in its exponent)"},
      {R"({"a":{"x":nul}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 10 of the header: a value is missing)"},
      {R"({"__metadata__":nul})", 1, WeightFault::malformed,
       R"(__metadata__: byte 16 of the header: '{' is missing)"},
      {R"({"__metadata__":null,"__metadata__":null})", 0, WeightFault::duplicate, "__metadata__ comes twice"},
      {R"({"a":{"dtype":"U8","dtype":"U8"}})", 1, WeightFault::duplicate,
       R"(tensor "a": its key "dtype" comes twice)"},
      {R"({"a":{"dtype":"F5","shape":[2],"data_offsets":[0,1]}})", 1, WeightFault::unknown_dtype,
       R"(tensor "a": its dtype "F5" is not known)"},
      {R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", 2, WeightFault::partial_byte,
       R"(tensor "a": its last byte is not filled: F4 [3])"},
      {R"({"a":{"dtype":"F6_E2M3","shape":[2],"data_offsets":[0,2]}})", 2, WeightFault::partial_byte,
       R"(tensor "a": its last byte is not filled: F6_E2M3 [2])"},
      {R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 28 of the header: a whole number, not negative, is missing)"},
      {R"({"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 29 of the header: a number that begins with 0)"},
      {R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", 1, WeightFault::malformed,
       R"(tensor "a": byte 29 of the header: a number that is not whole digits)"},
      {R"({"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1]}})", 1,
       WeightFault::overflow, R"(tensor "a": byte 47 of the header: a number of 2^64 or more)"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
       WeightFault::overflow, R"(tensor "a": its size overflows: F32 [4294967296, 4294967296])"},
      {R"({"a":{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}})", 0,
       WeightFault::overflow, R"(tensor "a": its size overflows: F32 [0, 4611686018427387904])"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, WeightFault::wrong_size,
       R"(tensor "a": F32 [2] is 8 bytes, but its data_offsets [0, 4) are 4)"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}})", 2, WeightFault::malformed,
       R"(tensor "a": its data ends before it begins: [2, 1))"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3, WeightFault::out_of_range,
       R"(tensor "a": its data [0, 4) goes past the file's, which is 3 bytes: the file is truncated or the header wrong)"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})",
       5, WeightFault::overlap, R"(tensor "b": its data [2, 5) overlaps tensor "a" [0, 3))"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})",
       4, WeightFault::hole, R"(tensor "b": before its data [3, 4) lie 2 bytes that belong to no tensor)"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 3, WeightFault::hole,
       "the last 2 bytes of the file belong to no tensor"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
       2, WeightFault::duplicate, R"(tensor "a": its name comes twice)"},
      {R"({"__metadata__":{"a":1}})", 0, WeightFault::malformed,
       "__metadata__: byte 21 of the header: '\"' is missing"},
      {R"({"__metadata__":{"a":"","a":""}})", 0, WeightFault::duplicate,
       R"(__metadata__: the key "a" comes twice)"},
      {R"({"__metadata__":{},"__metadata__":{}})", 0, WeightFault::duplicate, "__metadata__ comes twice"},
      {R"({"a\nb":{"dtype":"X","shape":[],"data_offsets":[0,0]}})", 0, WeightFault::unknown_dtype,
       R"(tensor "a\u000ab": its dtype "X" is not known)"},
  };
  for (const BadFile& bad : files) {
    const FileBytes file{weight_file(bad.header, bad.data_size)};
    const WeightError error = error_of(WeightStore::view(file.get()));
    EXPECT_EQ(error.text, bad.text) << bad.header;
    EXPECT_EQ(error.fault, bad.fault) << bad.header;
    const bool is_of_a_tensor = std::string_view{bad.text}.starts_with("tensor ");
    EXPECT_EQ(error.tensor.empty(), !is_of_a_tensor) << bad.header;
  }
}

struct DtypeCase {
  const char* name;
  Dtype dtype;
  std::size_t bits;
};

// All that the reference implementation knows.
TEST(WeightStore, EveryDtypeLoadsAndIsWritten) {
  const std::array cases{
      DtypeCase{"BOOL", Dtype::boolean, 8},
      DtypeCase{"F4", Dtype::f4, 4},
      DtypeCase{"F6_E2M3", Dtype::f6_e2m3, 6},
      DtypeCase{"F6_E3M2", Dtype::f6_e3m2, 6},
      DtypeCase{"U8", Dtype::u8, 8},
      DtypeCase{"I8", Dtype::i8, 8},
      DtypeCase{"F8_E5M2", Dtype::f8_e5m2, 8},
      DtypeCase{"F8_E4M3", Dtype::f8_e4m3, 8},
      DtypeCase{"F8_E8M0", Dtype::f8_e8m0, 8},
      DtypeCase{"F8_E4M3FNUZ", Dtype::f8_e4m3fnuz, 8},
      DtypeCase{"F8_E5M2FNUZ", Dtype::f8_e5m2fnuz, 8},
      DtypeCase{"I16", Dtype::i16, 16},
      DtypeCase{"U16", Dtype::u16, 16},
      DtypeCase{"F16", Dtype::f16, 16},
      DtypeCase{"BF16", Dtype::bf16, 16},
      DtypeCase{"I32", Dtype::i32, 32},
      DtypeCase{"U32", Dtype::u32, 32},
      DtypeCase{"F32", Dtype::f32, 32},
      DtypeCase{"C64", Dtype::c64, 64},
      DtypeCase{"F64", Dtype::f64, 64},
      DtypeCase{"I64", Dtype::i64, 64},
      DtypeCase{"U64", Dtype::u64, 64},
  };
  const TemporaryFolder folder;
  for (const DtypeCase& each : cases) {
    EXPECT_STREQ(ar::ml::name(each.dtype), each.name);
    EXPECT_EQ(ar::ml::bits_of(each.dtype), each.bits) << each.name;
    const std::size_t bytes = 12 * each.bits / 8;
    const FileBytes file{weight_file(R"({"w":{"dtype":")" + std::string{each.name} +
                                         R"(","shape":[3,4],"data_offsets":[0,)" + std::to_string(bytes) +
                                         "]}}",
                                     bytes)};
    const auto store = WeightStore::view(file.get());
    ASSERT_TRUE(store.has_value()) << store.error().text;
    const ar::ml::Tensor* tensor = store->find("w");
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->dtype, each.dtype);
    EXPECT_EQ(tensor->data.size(), bytes);
    const std::array<std::size_t, 2> shape{3, 4};
    const std::array written{TensorToWrite{"w", each.dtype, shape, tensor->data}};
    const std::string path = folder.file("written.safetensors", "");
    ASSERT_TRUE(ar::ml::write_weights(path, written).has_value()) << each.name;
    const auto again = WeightStore::map(path);
    ASSERT_TRUE(again.has_value()) << again.error().text;
    EXPECT_TRUE(std::ranges::equal(again->find("w")->data, tensor->data)) << each.name;
  }
}

TEST(WeightStore, ShapesWhoseBitsPass64BitsAreWeighedInBytes) {
  using ar::ml::WeightFault;
  const auto fault_of = [](const std::string& dtype, const std::string& shape) {
    const FileBytes file{weight_file(
        R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[0,0]}})", 0)};
    return error_of(WeightStore::view(file.get())).fault;
  };
  // 2^63 - 1 items of 4 bits: 2^62 bytes but for half a byte; then an even number.
  EXPECT_EQ(fault_of("F4", "[9223372036854775807]"), WeightFault::partial_byte);
  EXPECT_EQ(fault_of("F4", "[9223372036854775806]"), WeightFault::wrong_size);
  EXPECT_EQ(fault_of("F4", "[9223372036854775808]"), WeightFault::overflow);
  EXPECT_EQ(fault_of("U8", "[9223372036854775807]"), WeightFault::wrong_size);
  EXPECT_EQ(fault_of("U8", "[9223372036854775808]"), WeightFault::overflow);
  EXPECT_EQ(fault_of("F64", "[1152921504606846975]"), WeightFault::wrong_size);
  EXPECT_EQ(fault_of("F64", "[1152921504606846976]"), WeightFault::overflow);
}

TEST(WeightStore, WhatTheFormatDoesNotKnowIsSkipped) {
  const std::string nested(20'000, '[');
  for (const std::string& value :
       {std::string{"0"}, std::string{"-1.5e+7"}, std::string{"null"}, std::string{"true"},
        std::string{"false"}, std::string{R"("a\u00e9\"]}")"}, std::string{"[]"}, std::string{"{}"},
        std::string{R"( [ 1 , [ ] , { "k" : [ "v" , { } ] , "l" : null } ] )"},
        nested + std::string(nested.size(), ']')}) {
    const FileBytes file{weight_file(R"({"__metadata__": null ,"a":{"x":)" + value + R"(,"dtype":"U8","x":)" +
                                         value + R"(,"shape":[1],"data_offsets":[0,1],"y":)" + value + "}}",
                                     1)};
    const auto store = WeightStore::view(file.get());
    ASSERT_TRUE(store.has_value()) << store.error().text;
    EXPECT_EQ(store->find("a")->data.size(), 1U) << value;
  }
}

TEST(WeightStore, HeaderLengthsOutOfReasonAreRefused) {
  for (const char* start :
       {"\0\0\0\0\0\0\0\0{}", "\xff\xff\xff\xff\xff\xff\xff\xff{}", "\x01\xe1\xf5\x05\0\0\0\0{}"}) {
    const FileBytes file{std::string_view{start, 10}};
    EXPECT_EQ(error_of(WeightStore::view(file.get())).fault, WeightFault::header_size);
  }
  const FileBytes file{std::string_view{"\x03\0\0\0\0\0\0\0{}", 10}};
  EXPECT_EQ(error_of(WeightStore::view(file.get())).text,
            "the header is 3 bytes, and the file has 2 after its length");
}

TEST(WeightStore, EscapedNamesAreFound) {
  const FileBytes file{
      weight_file(R"({"\u00e9\ud83d\ude00\"":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}})", 1)};
  const auto store = WeightStore::view(file.get());
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_NE(store->find("\xc3\xa9\xf0\x9f\x98\x80\""), nullptr);
}

TEST(WeightStore, WhatIsNoFileIsTold) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of(WeightStore::map(folder.file("none"))).text,
              folder.file("none") + ": cannot be opened: No such file or directory");
  EXPECT_THAT(error_of(WeightStore::copy(folder.file(""), ar::testing::allocator())).text,
              HasSubstr("is no regular file"));
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(error_of(WeightStore::map(pipe)).fault, WeightFault::file);
}

TEST(WriteWeights, RefusesWhatNoReaderWouldTake) {
  const TemporaryFolder folder;
  const std::string path = folder.file("w.safetensors", "what was there before");
  const std::array<std::byte, 4> data{};
  const std::array<std::size_t, 1> shape{1};
  const std::array<std::size_t, 2> large{SIZE_MAX, 2};
  const auto fault_of = [&](std::vector<TensorToWrite> tensors) {
    const WeightError error = error_of(ar::ml::write_weights(path, tensors));
    EXPECT_THAT(error.text, StartsWith(path + ": tensor \"")) << error.text;
    return error.fault;
  };
  const TensorToWrite good{"w", Dtype::f32, shape, data};
  EXPECT_EQ(fault_of({good, good}), WeightFault::duplicate);
  EXPECT_EQ(fault_of({{"w", Dtype::f64, shape, data}}), WeightFault::wrong_size);
  EXPECT_EQ(fault_of({{"w", Dtype::f64, large, data}}), WeightFault::overflow);
  EXPECT_EQ(fault_of({{"\xc0\x80", Dtype::f32, shape, data}}), WeightFault::bad_name);
  EXPECT_EQ(fault_of({{"__metadata__", Dtype::f32, shape, data}}), WeightFault::bad_name);
  const std::array twice{std::pair<std::string_view, std::string_view>{"k", "1"},
                         std::pair<std::string_view, std::string_view>{"k", "2"}};
  EXPECT_EQ(error_of(ar::ml::write_weights(path, {}, twice)).fault, WeightFault::duplicate);
  EXPECT_EQ(error_of(ar::ml::write_weights(folder.file("no/folder"), {})).fault, WeightFault::file);
  std::ifstream stream{path};
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>{stream}, {}}), "what was there before");
  EXPECT_EQ(folder.count(), 1U);
}

TEST(WriteWeights, ReplacesAFileUnderThoseWhoHaveMappedIt) {
  const TemporaryFolder folder;
  const std::string path = folder.file("w.safetensors");
  const std::array<std::size_t, 1> shape{2};
  const std::array<float, 2> old_data{1.0F, 2.0F};
  const std::array<float, 2> new_data{3.0F, 4.0F};
  const auto write = [&](const std::array<float, 2>& data) {
    const std::array tensors{TensorToWrite{"w", Dtype::f32, shape, std::as_bytes(std::span{data})}};
    return ar::ml::write_weights(path, tensors).has_value();
  };
  ASSERT_TRUE(write(old_data));
  const auto before = WeightStore::map(path);
  ASSERT_TRUE(write(new_data));
  const auto after = WeightStore::map(path);
  ASSERT_TRUE(before && after);
  EXPECT_THAT(before->view<float>("w").value(), ElementsAre(1.0F, 2.0F));
  EXPECT_THAT(after->view<float>("w").value(), ElementsAre(3.0F, 4.0F));
}

TEST(WriteWeights, AFileWithoutTensorsIsOne) {
  const TemporaryFolder folder;
  ASSERT_TRUE(ar::ml::write_weights(folder.file("none.safetensors"), {}).has_value());
  const auto store = WeightStore::map(folder.file("none.safetensors"));
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_TRUE(store->tensors().empty());
}

}  // namespace
