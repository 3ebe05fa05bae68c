#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "network/tensor.h"

namespace mj {

/// How an element type is stored in raw_data, and in which typed field else (onnx.proto, TensorProto).
struct Storage {
  enum class Field { floats, doubles, int32s, int64s, uint64s };
  ElementType type;
  onnx::TensorProto::DataType onnx_type;
  std::size_t bytes;
  bool is_signed;
  Field field;
};

const Storage& storage_of(ElementType type);
/// nullptr for what Tensor cannot hold: strings, complex and unknown types.
const Storage* find_storage(int32_t onnx_type);

/// An integer, or the bits of a narrow float, as raw_data holds it; uint64 beyond 2^63 wraps.
int64_t read_integer(const char* bytes, const Storage& storage);

/// How many values stand in typed fields, of whatever type.
std::size_t typed_value_count(const onnx::TensorProto& proto);

/// The values of the typed field that belongs to `storage`, as raw_data would hold them. Throws InputError
/// where one does not fit the type.
std::string pack_typed(const onnx::TensorProto& proto, const Storage& storage, const std::string& file,
                       const std::string& place);

/// Puts them back.
void unpack_typed(const std::string& bytes, const Storage& storage, onnx::TensorProto& proto);

}  // namespace mj
