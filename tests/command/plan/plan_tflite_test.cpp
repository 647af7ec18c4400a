// Tests tools/arpent/plan/
// The reader of TensorFlow Lite models, on models that are made here, whole and damaged.
#include "arpent/plan/tflite_lifetimes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <flatbuffers/flatbuffers.h>
#include <arpent/ml/plan.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using ar::command::plan::is_tflite;
using ar::command::plan::LifetimeRows;
using ar::command::plan::read_tflite;
using testing::ElementsAre;
using testing::HasSubstr;

struct TensorMade {
  std::string name;
  std::vector<std::int32_t> shape;
  std::int8_t type = 0;  // 32-bit floating point
  std::uint32_t buffer = 0;
  bool is_variable = false;
  std::vector<std::int32_t> signature{};
};

struct OperatorMade {
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
};

struct ModelMade {
  std::vector<TensorMade> tensors;
  std::vector<OperatorMade> operators;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  std::vector<std::size_t> buffers{0};  // bytes of each
  std::size_t graphs = 1;
};

constexpr flatbuffers::voffset_t field(unsigned number) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * number);
}

using AnyTable = flatbuffers::Offset<flatbuffers::Table>;

std::string bytes_of(const ModelMade& made) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<AnyTable> tensors;
  for (const TensorMade& tensor : made.tensors) {
    const auto shape = builder.CreateVector(tensor.shape);
    const auto name = builder.CreateString(tensor.name);
    const auto signature = builder.CreateVector(tensor.signature);
    const auto start = builder.StartTable();
    builder.AddOffset(field(0), shape);
    builder.AddElement<std::int8_t>(field(1), tensor.type, 0);
    builder.AddElement<std::uint32_t>(field(2), tensor.buffer, 0);
    builder.AddOffset(field(3), name);
    builder.AddElement<std::uint8_t>(field(5), tensor.is_variable ? 1 : 0, 0);
    if (!tensor.signature.empty()) {
      builder.AddOffset(field(7), signature);
    }
    tensors.emplace_back(builder.EndTable(start));
  }
  std::vector<AnyTable> operators;
  for (const OperatorMade& one : made.operators) {
    const auto inputs = builder.CreateVector(one.inputs);
    const auto outputs = builder.CreateVector(one.outputs);
    const auto start = builder.StartTable();
    builder.AddOffset(field(1), inputs);
    builder.AddOffset(field(2), outputs);
    operators.emplace_back(builder.EndTable(start));
  }
  const auto all_tensors = builder.CreateVector(tensors);
  const auto all_operators = builder.CreateVector(operators);
  const auto inputs = builder.CreateVector(made.inputs);
  const auto outputs = builder.CreateVector(made.outputs);
  auto start = builder.StartTable();
  builder.AddOffset(field(0), all_tensors);
  builder.AddOffset(field(1), inputs);
  builder.AddOffset(field(2), outputs);
  builder.AddOffset(field(3), all_operators);
  const std::vector<AnyTable> graphs(made.graphs, AnyTable{builder.EndTable(start)});
  const auto all_graphs = builder.CreateVector(graphs);
  std::vector<AnyTable> buffers;
  for (const std::size_t size : made.buffers) {
    const auto data = builder.CreateVector(std::vector<std::uint8_t>(size));
    start = builder.StartTable();
    builder.AddOffset(field(0), data);
    buffers.emplace_back(builder.EndTable(start));
  }
  const auto all_buffers = builder.CreateVector(buffers);
  start = builder.StartTable();
  builder.AddOffset(field(2), all_graphs);
  builder.AddOffset(field(4), all_buffers);
  builder.Finish(AnyTable{builder.EndTable(start)}, "TFL3");
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

// The input, weights of 16 bits that operator 0 widens, two layers, and a sum that skips the second.
ModelMade small_model() {
  return {.tensors = {{"input", {1, 8}},
                      {"narrow", {8, 4}, 1, 1},
                      {"wide", {8, 4}},
                      {"hidden", {1, 4}},
                      {"scores, 8 bits", {1, 4}, 9},
                      {"sum", {1, 4}},
                      {"state", {1, 4}, 0, 0, true}},
          .operators = {{{1}, {2}}, {{0, 2, -1}, {3}}, {{3, 6}, {4}}, {{3, 4}, {5}}},
          .inputs = {0},
          .outputs = {5},
          .buffers = {0, 64}};
}

std::string error_of(const ModelMade& made) {
  const auto rows = read_tflite(bytes_of(made));
  return rows ? "none" : rows.error();
}

TEST(PlanTflite, lifetimes_go_from_the_maker_to_the_last_reader) {
  const std::string bytes = bytes_of(small_model());
  ASSERT_TRUE(is_tflite(bytes));
  const auto rows = read_tflite(bytes);
  ASSERT_TRUE(rows) << rows.error();
  EXPECT_EQ(rows->heading, "id,lower,upper,size");
  EXPECT_THAT(rows->rows,
              ElementsAre("input,0,2,32", "hidden,1,4,16", "\"scores, 8 bits\",2,4,4", "sum,3,4,16"));
  EXPECT_THAT(rows->lines, ElementsAre(0, 3, 4, 5));
}

TEST(PlanTflite, its_rows_are_read_as_they_are_written) {
  ModelMade made = small_model();
  made.tensors[0].name = "with \"quotes\"\nand a line";
  const auto rows = read_tflite(bytes_of(made));
  ASSERT_TRUE(rows);
  const std::string text = with_offsets(*rows, std::vector<std::size_t>(4));
  const auto again = ar::command::plan::read_lifetimes(text);
  ASSERT_TRUE(again) << again.error() << text;
  EXPECT_EQ(again->ids[0], "with \"quotes\"?and a line");
  EXPECT_EQ(again->lifetimes.size(), 4U);
}

TEST(PlanTflite, what_makes_no_sense_is_told_with_its_place) {
  ModelMade made = small_model();
  made.operators[2].inputs = {5};
  EXPECT_EQ(error_of(made), "operator 2: it reads tensor 5 ('sum'), which nothing has made");
  made = small_model();
  made.operators[3].outputs = {7};
  EXPECT_EQ(error_of(made), "operator 3: it names tensor 7, and the model has 7 tensors");
  made = small_model();
  made.inputs = {-2};
  EXPECT_THAT(error_of(made), HasSubstr("the model's inputs: it names tensor -2"));
  made = small_model();
  made.tensors[1].buffer = 9;
  EXPECT_THAT(error_of(made),
              HasSubstr("tensor 1 ('narrow'): it is in buffer 9, and the model has 2 buffers"));
  made = small_model();
  made.tensors[3].type = 18;
  EXPECT_THAT(error_of(made), HasSubstr("tensor 3 ('hidden'): its type 18 is unknown"));
  made.tensors[3].type = -1;
  EXPECT_THAT(error_of(made), HasSubstr("its type -1 is unknown"));
  made.tensors[3].type = 5;
  EXPECT_THAT(error_of(made), HasSubstr("known only when the model runs"));
  made = small_model();
  made.tensors[0].signature = {-1, 8};
  EXPECT_THAT(error_of(made), HasSubstr("tensor 0 ('input'): its size is known only when the model runs"));
  made = small_model();
  made.tensors[0].shape = {INT32_MAX, INT32_MAX, INT32_MAX};
  EXPECT_THAT(error_of(made), HasSubstr("tensor 0 ('input'): it is larger than an address space"));
  made = small_model();
  made.graphs = 2;
  EXPECT_EQ(error_of(made), "it has 2 graphs; only a model of one can be planned");
}

TEST(PlanTflite, a_model_that_is_cut_short_is_refused) {
  const std::string bytes = bytes_of(small_model());
  for (std::size_t size = 0; size < bytes.size(); size += 4) {
    const std::vector<char> cut{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
    EXPECT_FALSE(read_tflite({cut.data(), cut.size()})) << size;
  }
}

// Whatever is still accepted must be as small as the file lets it be; the sanitizers see what is read outside
// of it.
TEST(PlanTflite, any_damaged_byte_is_an_error_or_another_model) {
  const std::string bytes = bytes_of(small_model());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int value : {0, 1, 127, 128, 255}) {
      std::vector<char> damaged{bytes.begin(), bytes.end()};
      damaged[at] = static_cast<char>(value);
      const auto rows = read_tflite({damaged.data(), damaged.size()});
      if (!rows) {
        ++refused;
        EXPECT_FALSE(rows.error().empty() || rows.error().contains('\n')) << rows.error();
      } else {
        EXPECT_LE(rows->rows.size(), 7U);
        for (const ar::ml::Lifetime& lifetime : rows->lifetimes) {
          EXPECT_LT(lifetime.lower, lifetime.upper);
        }
      }
    }
  }
  EXPECT_GT(refused, bytes.size());
}

}  // namespace
