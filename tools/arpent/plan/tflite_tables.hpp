// The tables of a TensorFlow Lite model that tell when its tensors are needed, as FlatBuffers lays them out:
// only the fields that are read. A field's number is its place in the format's schema, which never changes.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>

namespace ar::command::plan::tflite {

using Indices = flatbuffers::Vector<std::int32_t>;
template <typename Table>
using TablesOf = flatbuffers::Vector<flatbuffers::Offset<Table>>;

constexpr flatbuffers::voffset_t field(unsigned number) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * number);
}

// What every table below is made of. Nothing may be read before `Verify` has returned true.
class Fields : private flatbuffers::Table {
 protected:
  template <typename Pointed>
  [[nodiscard]] const Pointed* pointer(unsigned number) const {
    return GetPointer<const Pointed*>(field(number));
  }
  template <typename Number>
  [[nodiscard]] Number number(unsigned number, Number otherwise) const {
    return GetField<Number>(field(number), otherwise);
  }
  bool begin(flatbuffers::Verifier& verifier) const { return VerifyTableStart(verifier); }
  template <typename Number>
  [[nodiscard]] bool is_number(flatbuffers::Verifier& verifier, unsigned number) const {
    return VerifyField<Number>(verifier, field(number), sizeof(Number));
  }
  template <typename Item>
  [[nodiscard]] bool is_vector(flatbuffers::Verifier& verifier, unsigned number) const {
    return VerifyOffset(verifier, field(number)) &&
           verifier.VerifyVector(pointer<flatbuffers::Vector<Item>>(number));
  }
  template <typename Table>
  [[nodiscard]] bool are_tables(flatbuffers::Verifier& verifier, unsigned number) const {
    const auto* tables = VerifyOffset(verifier, field(number)) ? pointer<TablesOf<Table>>(number) : nullptr;
    return VerifyOffset(verifier, field(number)) && verifier.VerifyVector(tables) &&
           verifier.VerifyVectorOfTables(tables);
  }
  [[nodiscard]] bool is_text(flatbuffers::Verifier& verifier, unsigned number) const {
    return VerifyOffset(verifier, field(number)) &&
           verifier.VerifyString(pointer<flatbuffers::String>(number));
  }
};

// Bytes of weights; empty for what is computed.
class Buffer : Fields {
 public:
  // Those of large models lie behind the tables, at an offset that is larger than 1.
  [[nodiscard]] bool has_data() const {
    const auto* data = pointer<flatbuffers::Vector<std::uint8_t>>(0);
    return (data != nullptr && data->size() != 0) || number<std::uint64_t>(1, 0) > 1;
  }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return begin(verifier) && is_vector<std::uint8_t>(verifier, 0) && is_number<std::uint64_t>(verifier, 1) &&
           verifier.EndTable();
  }
};

class Tensor : Fields {
 public:
  [[nodiscard]] const Indices* shape() const { return pointer<Indices>(0); }
  [[nodiscard]] std::int8_t type() const { return number<std::int8_t>(1, 0); }
  [[nodiscard]] std::uint32_t buffer() const { return number<std::uint32_t>(2, 0); }
  [[nodiscard]] const flatbuffers::String* name() const { return pointer<flatbuffers::String>(3); }
  [[nodiscard]] bool is_variable() const { return number<std::uint8_t>(5, 0) != 0; }
  // Where -1 stands for what is known only when the model runs; absent when there is none.
  [[nodiscard]] const Indices* shape_signature() const { return pointer<Indices>(7); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return begin(verifier) && is_vector<std::int32_t>(verifier, 0) && is_number<std::int8_t>(verifier, 1) &&
           is_number<std::uint32_t>(verifier, 2) && is_text(verifier, 3) &&
           is_number<std::uint8_t>(verifier, 5) && is_vector<std::int32_t>(verifier, 7) &&
           verifier.EndTable();
  }
};

class Operator : Fields {
 public:
  [[nodiscard]] const Indices* inputs() const { return pointer<Indices>(1); }
  [[nodiscard]] const Indices* outputs() const { return pointer<Indices>(2); }
  [[nodiscard]] const Indices* intermediates() const { return pointer<Indices>(8); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return begin(verifier) && is_vector<std::int32_t>(verifier, 1) && is_vector<std::int32_t>(verifier, 2) &&
           is_vector<std::int32_t>(verifier, 8) && verifier.EndTable();
  }
};

class SubGraph : Fields {
 public:
  [[nodiscard]] const TablesOf<Tensor>* tensors() const { return pointer<TablesOf<Tensor>>(0); }
  [[nodiscard]] const Indices* inputs() const { return pointer<Indices>(1); }
  [[nodiscard]] const Indices* outputs() const { return pointer<Indices>(2); }
  [[nodiscard]] const TablesOf<Operator>* operators() const { return pointer<TablesOf<Operator>>(3); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return begin(verifier) && are_tables<Tensor>(verifier, 0) && is_vector<std::int32_t>(verifier, 1) &&
           is_vector<std::int32_t>(verifier, 2) && are_tables<Operator>(verifier, 3) && verifier.EndTable();
  }
};

class Model : Fields {
 public:
  static constexpr const char* identifier = "TFL3";
  [[nodiscard]] const TablesOf<SubGraph>* subgraphs() const { return pointer<TablesOf<SubGraph>>(2); }
  [[nodiscard]] const TablesOf<Buffer>* buffers() const { return pointer<TablesOf<Buffer>>(4); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return begin(verifier) && are_tables<SubGraph>(verifier, 2) && are_tables<Buffer>(verifier, 4) &&
           verifier.EndTable();
  }
};

}  // namespace ar::command::plan::tflite
