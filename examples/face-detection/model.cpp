#include "model.hpp"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace face_detection {
namespace {

using Indices = flatbuffers::Vector<std::int32_t>;
using Bytes = flatbuffers::Vector<std::uint8_t>;

// A table of the format; fields have the numbers that its schema gives them. Every access is checked, because
// the file is not verified as a whole.
class Table : private flatbuffers::Table {
 public:
  template <typename Number>
  [[nodiscard]] Number number(unsigned field, Number otherwise) const {
    return GetField<Number>(place(field), otherwise);
  }
  template <typename Pointed>
  [[nodiscard]] const Pointed* pointer(unsigned field) const {
    return GetPointer<const Pointed*>(place(field));
  }
  using Tables = flatbuffers::Vector<flatbuffers::Offset<Table>>;

  // Checks the table and, by depth, what the reader below follows.
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) && verifier.EndTable();
  }
  [[nodiscard]] bool has_numbers(flatbuffers::Verifier& verifier,
                                 std::initializer_list<unsigned> fields) const {
    return std::ranges::all_of(
        fields, [&](unsigned field) { return VerifyField<std::int32_t>(verifier, place(field), 4); });
  }
  [[nodiscard]] bool has_bytes(flatbuffers::Verifier& verifier,
                               std::initializer_list<unsigned> fields) const {
    return std::ranges::all_of(
        fields, [&](unsigned field) { return VerifyField<std::int8_t>(verifier, place(field), 1); });
  }
  template <typename Item>
  [[nodiscard]] bool has_vectors(flatbuffers::Verifier& verifier,
                                 std::initializer_list<unsigned> fields) const {
    return std::ranges::all_of(fields, [&](unsigned field) {
      return VerifyOffset(verifier, place(field)) &&
             verifier.VerifyVector(pointer<flatbuffers::Vector<Item>>(field));
    });
  }
  [[nodiscard]] bool has_tables(flatbuffers::Verifier& verifier,
                                std::initializer_list<unsigned> fields) const {
    return std::ranges::all_of(fields, [&](unsigned field) {
      return VerifyOffset(verifier, place(field)) && verifier.VerifyVector(pointer<Tables>(field)) &&
             verifier.VerifyVectorOfTables(pointer<Tables>(field));
    });
  }
  [[nodiscard]] bool has_text(flatbuffers::Verifier& verifier, unsigned field) const {
    return VerifyOffset(verifier, place(field)) && verifier.VerifyString(pointer<flatbuffers::String>(field));
  }
  [[nodiscard]] bool has_table(flatbuffers::Verifier& verifier, unsigned field) const {
    return VerifyOffset(verifier, place(field)) && verifier.VerifyTable(pointer<Table>(field));
  }

 private:
  static flatbuffers::voffset_t place(unsigned field) {
    return static_cast<flatbuffers::voffset_t>(4 + 2 * field);
  }
};

struct Damaged {};
struct Unsupported {
  std::string what;
};

void require(bool truth) {
  if (!truth) {
    throw Damaged{};
  }
}

template <typename Use>
void for_each(const Table::Tables* tables, const Use& use) {
  require(tables != nullptr);
  for (flatbuffers::uoffset_t at = 0; at < tables->size(); ++at) {
    use(*tables->Get(at));
  }
}

std::vector<std::size_t> indices_of(const Indices* numbers) {
  std::vector<std::size_t> indices;
  for (flatbuffers::uoffset_t at = 0; numbers != nullptr && at < numbers->size(); ++at) {
    require(numbers->Get(at) >= 0);
    indices.push_back(static_cast<std::size_t>(numbers->Get(at)));
  }
  return indices;
}

// How operators are numbered in the file, and where their options are.
struct Layout {
  std::int32_t code;
  Kind kind;
  int padding;  // numbers of fields, -1 where there is none
  int stride_across;
  int stride_down;
  int clipping;
  std::initializer_list<unsigned> numbers;
};
const Layout layouts[] = {
    {0, Kind::add, -1, -1, -1, 0, {}},
    {2, Kind::concatenate, -1, -1, -1, 1, {0}},
    {3, Kind::convolution, 0, 1, 2, 3, {1, 2, 4, 5}},
    {4, Kind::depthwise, 0, 1, 2, 4, {1, 2, 3, 5, 6}},
    {17, Kind::max_pooling, 0, 1, 2, 5, {1, 2, 3, 4}},
    {19, Kind::relu, -1, -1, -1, -1, {}},
    {22, Kind::reshape, -1, -1, -1, -1, {}},
    {34, Kind::pad, -1, -1, -1, -1, {}},
};
constexpr std::int32_t widen_code = 6;

class Reader {
 public:
  explicit Reader(std::string_view file)
      : begin_(reinterpret_cast<const std::uint8_t*>(file.data())), verifier_(begin_, file.size()) {}

  Model read() {
    require(verifier_.VerifyBuffer<Table>("TFL3"));
    const auto& root = *flatbuffers::GetRoot<Table>(begin_);
    require(root.has_tables(verifier_, {1, 2, 4}));
    for_each(root.pointer<Table::Tables>(1), [this](const Table& code) {
      require(code.has_bytes(verifier_, {0}) && code.has_numbers(verifier_, {3}));
      codes_.push_back(
          std::max<std::int32_t>(code.number<std::int8_t>(0, 0), code.number<std::int32_t>(3, 0)));
    });
    for_each(root.pointer<Table::Tables>(4), [this](const Table& buffer) {
      require(buffer.has_vectors<std::uint8_t>(verifier_, {0}));
      const Bytes* bytes = buffer.pointer<Bytes>(0);
      buffers_.push_back(bytes == nullptr ? std::span<const std::byte>{}
                                          : std::as_bytes(std::span{bytes->data(), bytes->size()}));
    });
    const auto* graphs = root.pointer<Table::Tables>(2);
    require(graphs != nullptr && graphs->size() == 1);
    const Table& graph = *graphs->Get(0);
    require(graph.has_tables(verifier_, {0, 3}) && graph.has_vectors<std::int32_t>(verifier_, {1, 2}));
    for_each(graph.pointer<Table::Tables>(0), [this](const Table& tensor) { read_tensor(tensor); });
    for_each(graph.pointer<Table::Tables>(3), [this](const Table& one) { read_operator(one); });
    model_.inputs = indices_of(graph.pointer<Indices>(1));
    model_.outputs = indices_of(graph.pointer<Indices>(2));
    for (const auto* indices : {&model_.inputs, &model_.outputs}) {
      require(
          std::ranges::all_of(*indices, [this](std::size_t index) { return index < model_.tensors.size(); }));
    }
    return std::move(model_);
  }

 private:
  void read_tensor(const Table& table) {
    require(table.has_vectors<std::int32_t>(verifier_, {0}) && table.has_bytes(verifier_, {1}) &&
            table.has_numbers(verifier_, {2}) && table.has_text(verifier_, 3));
    Tensor tensor;
    if (const auto* name = table.pointer<flatbuffers::String>(3)) {
      tensor.name.assign(name->c_str(), name->size());
    }
    tensor.shape = indices_of(table.pointer<Indices>(0));
    constexpr std::size_t most_values = std::size_t{1} << 28U;
    for (const std::size_t extent : tensor.shape) {
      require(extent > 0 && extent <= most_values / tensor.values);
      tensor.values *= extent;
    }
    constexpr std::int8_t half = 1;
    constexpr std::int8_t whole_number = 2;
    const auto type = table.number<std::int8_t>(1, 0);
    if (type != 0 && type != half && type != whole_number) {
      throw Unsupported{"the type of tensor '" + tensor.name + "'"};
    }
    tensor.is_half = type == half;
    const auto buffer = table.number<std::uint32_t>(2, 0);
    require(buffer == 0 || buffer < buffers_.size());
    if (buffer != 0) {
      tensor.weights = buffers_[buffer];
      require(tensor.weights.empty() || tensor.weights.size() == tensor.values * (tensor.is_half ? 2 : 4));
    }
    model_.tensors.push_back(std::move(tensor));
  }

  void read_operator(const Table& table) {
    require(table.has_numbers(verifier_, {0}) && table.has_vectors<std::int32_t>(verifier_, {1, 2}));
    const auto code_index = table.number<std::uint32_t>(0, 0);
    require(code_index < codes_.size());
    const std::int32_t code = codes_[code_index];
    Operator made;
    made.inputs = indices_of(table.pointer<Indices>(1));
    const std::vector<std::size_t> outputs = indices_of(table.pointer<Indices>(2));
    require(outputs.size() == 1 && !made.inputs.empty());
    made.output = outputs[0];
    const auto is_there = [this](std::size_t index) { return index < model_.tensors.size(); };
    require(is_there(made.output) && std::ranges::all_of(made.inputs, is_there));
    Tensor& output = model_.tensors[made.output];
    if (code == widen_code && !model_.tensors[made.inputs[0]].weights.empty()) {
      require(model_.tensors[made.inputs[0]].values == output.values);
      output.weights = model_.tensors[made.inputs[0]].weights;
      output.is_half = true;
      return;
    }
    const auto* layout = std::ranges::find(layouts, code, &Layout::code);
    if (layout == std::end(layouts)) {
      throw Unsupported{"an operator of code " + std::to_string(code)};
    }
    made.kind = layout->kind;
    made.clips_below_zero = made.kind == Kind::relu;
    read_options(table, *layout, made);
    model_.operators.push_back(std::move(made));
  }

  void read_options(const Table& table, const Layout& layout, Operator& made) {
    require(table.has_table(verifier_, 4));
    const auto* options = table.pointer<Table>(4);
    if (options == nullptr) {
      return;
    }
    require(options->has_numbers(verifier_, layout.numbers));
    for (const int field : {layout.padding, layout.clipping}) {
      require(field < 0 || options->has_bytes(verifier_, {static_cast<unsigned>(field)}));
    }
    if (layout.padding >= 0) {
      made.same_padding = options->number<std::int8_t>(static_cast<unsigned>(layout.padding), 0) == 0;
      for (const auto& [field, at] :
           {std::pair{layout.stride_down, 0U}, std::pair{layout.stride_across, 1U}}) {
        const auto stride = options->number<std::int32_t>(static_cast<unsigned>(field), 0);
        require(stride > 0);
        made.strides.at(at) = static_cast<std::uint32_t>(stride);
      }
    }
    if (layout.kind == Kind::max_pooling) {
      made.window = {options->number<std::uint32_t>(4, 0), options->number<std::uint32_t>(3, 0)};
    }
    if (layout.clipping >= 0) {
      const auto clipping = options->number<std::int8_t>(static_cast<unsigned>(layout.clipping), 0);
      if (clipping != 0 && clipping != 1) {
        throw Unsupported{"a fused activation that is not ReLU"};
      }
      made.clips_below_zero = clipping == 1;
    }
  }

  const std::uint8_t* begin_;
  flatbuffers::Verifier verifier_;
  std::vector<std::int32_t> codes_;
  std::vector<std::span<const std::byte>> buffers_;
  Model model_;
};

}  // namespace

std::expected<Model, std::string> read_model(std::string_view file) {
  try {
    return Reader{file}.read();
  } catch (const Damaged&) {
    return std::unexpected("it is no whole TensorFlow Lite model of one graph");
  } catch (const Unsupported& unsupported) {
    return std::unexpected("it needs what this example does not support: " + unsupported.what);
  }
}

}  // namespace face_detection
