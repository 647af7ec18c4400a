#include "arpent/plan/tflite_lifetimes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "arpent/plan/tflite_tables.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::plan {
namespace {

using Count = std::size_t;

// Bits of an item, by the number of the type; 0 where the size is known only when the model runs (text,
// resources).
constexpr std::array<std::uint8_t, 18> bits_of_type{32, 16, 32,  8,  64, 0, 8,  16, 64,
                                                    8,  64, 128, 64, 0,  0, 32, 16, 4};

template <typename Items>
Count count_of(const Items* items) {
  return items == nullptr ? 0 : items->size();
}

bool has_open_extent(const tflite::Indices* extents) {
  for (Count at = 0; at < count_of(extents); ++at) {
    if (extents->Get(static_cast<flatbuffers::uoffset_t>(at)) < 0) {
      return true;
    }
  }
  return false;
}

class Reader {
 public:
  Reader(const tflite::Model& model, const tflite::SubGraph& graph)
      : buffers_(model.buffers()), graph_(graph), tensors_(count_of(graph.tensors())) {}

  std::expected<LifetimeRows, std::string> read() {
    if (!classify() || !mark_inputs() || !follow_operators() || !mark_outputs() || !collect()) {
      return std::unexpected(error_);
    }
    return std::move(rows_);
  }

 private:
  enum class Kind : unsigned char { computed, constant, variable };
  struct State {
    Kind kind = Kind::computed;
    std::optional<std::int64_t> lower;
    std::int64_t upper = 0;
  };

  bool fail(std::string error) {
    error_ = std::move(error);
    return false;
  }

  // Many tensors may share one long name in a file that means harm.
  [[nodiscard]] std::string name_of(Count index) const {
    constexpr Count longest = 256;
    const flatbuffers::String* name = tensor(index).name();
    return name == nullptr ? std::string{}
                           : std::string{name->c_str(), std::min<Count>(name->size(), longest)};
  }
  [[nodiscard]] std::string named(Count index) const {
    const std::string name = name_of(index);
    return name.empty() ? fmt::format("tensor {}", index)
                        : fmt::format("tensor {} ({})", index, profile::in_quotes(name));
  }
  [[nodiscard]] const tflite::Tensor& tensor(Count index) const {
    return *graph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }

  // Calls `use` with each index of a tensor; those of -1 stand for an input that is left out.
  template <typename Use>
  bool each(const tflite::Indices* indices, const std::string& where, const Use& use) {
    for (Count at = 0; at < count_of(indices); ++at) {
      const std::int32_t index = indices->Get(static_cast<flatbuffers::uoffset_t>(at));
      if (index == -1) {
        continue;
      }
      if (index < 0 || static_cast<Count>(index) >= tensors_.size()) {
        return fail(fmt::format("{}: it names tensor {}, and the model has {}", where, index,
                                profile::counted(tensors_.size(), "tensor")));
      }
      if (!use(static_cast<Count>(index))) {
        return false;
      }
    }
    return true;
  }

  bool classify() {
    for (Count index = 0; index < tensors_.size(); ++index) {
      const std::uint32_t buffer = tensor(index).buffer();
      if (buffer >= count_of(buffers_) && buffer != 0) {
        return fail(fmt::format("{}: it is in buffer {}, and the model has {}", named(index), buffer,
                                profile::counted(count_of(buffers_), "buffer")));
      }
      if (tensor(index).is_variable()) {
        tensors_[index].kind = Kind::variable;
      } else if (buffer != 0 && buffers_->Get(buffer)->has_data()) {
        tensors_[index].kind = Kind::constant;
      }
    }
    return true;
  }

  bool mark_inputs() {
    return each(graph_.inputs(), "the model's inputs", [this](Count index) {
      make(index, 0);
      return true;
    });
  }

  void make(Count index, std::int64_t step) {
    State& state = tensors_[index];
    if (!state.lower) {
      state.lower = step;
    }
    state.upper = std::max(state.upper, step + 1);
  }

  bool follow_operators() {
    const auto* operators = graph_.operators();
    for (Count at = 0; at < count_of(operators); ++at) {
      const tflite::Operator& here = *operators->Get(static_cast<flatbuffers::uoffset_t>(at));
      const std::string where = fmt::format("operator {}", at);
      const auto step = static_cast<std::int64_t>(at);
      bool reads = false;
      bool reads_constants_only = true;
      const bool inputs_are_there = each(here.inputs(), where, [&](Count index) {
        State& state = tensors_[index];
        reads = true;
        reads_constants_only = reads_constants_only && state.kind == Kind::constant;
        if (state.kind == Kind::computed && !state.lower) {
          return fail(fmt::format("{}: it reads {}, which nothing has made", where, named(index)));
        }
        state.upper = std::max(state.upper, step + 1);
        return true;
      });
      const auto make_here = [&](Count index) {
        if (tensors_[index].kind == Kind::computed && reads && reads_constants_only) {
          tensors_[index].kind = Kind::constant;
        }
        make(index, step);
        return true;
      };
      if (!inputs_are_there || !each(here.outputs(), where, make_here) ||
          !each(here.intermediates(), where, make_here)) {
        return false;
      }
    }
    return true;
  }

  bool mark_outputs() {
    const auto end = static_cast<std::int64_t>(count_of(graph_.operators()));
    return each(graph_.outputs(), "the model's outputs", [&](Count index) {
      State& state = tensors_[index];
      if (state.kind == Kind::computed && !state.lower) {
        return fail(fmt::format("the model's outputs: nothing makes {}", named(index)));
      }
      state.upper = std::max(state.upper, end);
      return true;
    });
  }

  // Nothing, and the error is set, where it cannot be told.
  std::optional<Count> size_of(Count index) {
    const std::int8_t type = tensor(index).type();
    if (type < 0 || static_cast<Count>(type) >= bits_of_type.size()) {
      fail(fmt::format("{}: its type {} is unknown", named(index), type));
      return std::nullopt;
    }
    Count bits = bits_of_type.at(static_cast<Count>(type));
    if (bits == 0 || has_open_extent(tensor(index).shape()) ||
        has_open_extent(tensor(index).shape_signature())) {
      fail(fmt::format("{}: its size is known only when the model runs, so nothing can be planned",
                       named(index)));
      return std::nullopt;
    }
    for (Count at = 0; at < count_of(tensor(index).shape()); ++at) {
      const std::int32_t extent = tensor(index).shape()->Get(static_cast<flatbuffers::uoffset_t>(at));
      if (__builtin_mul_overflow(bits, static_cast<Count>(extent), &bits)) {
        fail(fmt::format("{}: it is larger than an address space", named(index)));
        return std::nullopt;
      }
    }
    constexpr Count bits_of_byte = 8;
    return bits / bits_of_byte + (bits % bits_of_byte == 0 ? 0 : 1);
  }

  bool collect() {
    rows_.heading = "id,lower,upper,size";
    for (Count index = 0; index < tensors_.size(); ++index) {
      const State& state = tensors_[index];
      if (state.kind != Kind::computed || !state.lower) {
        continue;
      }
      const auto size = size_of(index);
      if (!size) {
        return false;
      }
      const std::string name = name_of(index);
      rows_.ids.push_back(name.empty() ? fmt::format("tensor {}", index) : name);
      rows_.lifetimes.push_back({*state.lower, state.upper, *size});
      rows_.rows.push_back(
          fmt::format("{},{},{},{}", quoted(rows_.ids.back()), *state.lower, state.upper, *size));
      rows_.lines.push_back(index);
    }
    return true;
  }

  // A name may hold any bytes; a row is one line.
  static std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char letter : name) {
      text += static_cast<unsigned char>(letter) < ' ' ? '?' : letter;
      if (letter == '"') {
        text += letter;
      }
    }
    return text.find_first_of(",\" ", 1) == std::string::npos ? text.substr(1) : text + '"';
  }

  const tflite::TablesOf<tflite::Buffer>* buffers_;
  const tflite::SubGraph& graph_;
  std::vector<State> tensors_;
  LifetimeRows rows_;
  std::string error_;
};

}  // namespace

bool is_tflite(std::string_view bytes) {
  constexpr std::size_t place = 4;
  return bytes.size() >= 2 * place && bytes.substr(place, place) == tflite::Model::identifier;
}

std::expected<LifetimeRows, std::string> read_tflite(std::string_view bytes) {
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return std::unexpected("it is larger than the 2 GiB that a model can have");
  }
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier{begin, bytes.size()};
  if (!verifier.VerifyBuffer<tflite::Model>(tflite::Model::identifier)) {
    return std::unexpected(
        "it is no whole TensorFlow Lite model: a table is cut short or points outside of the file");
  }
  const auto& model = *flatbuffers::GetRoot<tflite::Model>(begin);
  const Count graphs = count_of(model.subgraphs());
  if (graphs != 1) {
    return std::unexpected(
        fmt::format("it has {}; only a model of one can be planned", profile::counted(graphs, "graph")));
  }
  return Reader{model, *model.subgraphs()->Get(0)}.read();
}

}  // namespace ar::command::plan
