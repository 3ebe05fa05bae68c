#include "onnx/element_storage.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"

namespace mj {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

using Proto = onnx::TensorProto;

constexpr std::array<Storage, 13> storages{{
    {ElementType::float32, Proto::FLOAT, 4, true, Storage::Field::floats},
    {ElementType::float64, Proto::DOUBLE, 8, true, Storage::Field::doubles},
    {ElementType::float16, Proto::FLOAT16, 2, false, Storage::Field::int32s},
    {ElementType::bfloat16, Proto::BFLOAT16, 2, false, Storage::Field::int32s},
    {ElementType::int8, Proto::INT8, 1, true, Storage::Field::int32s},
    {ElementType::uint8, Proto::UINT8, 1, false, Storage::Field::int32s},
    {ElementType::int16, Proto::INT16, 2, true, Storage::Field::int32s},
    {ElementType::uint16, Proto::UINT16, 2, false, Storage::Field::int32s},
    {ElementType::int32, Proto::INT32, 4, true, Storage::Field::int32s},
    {ElementType::uint32, Proto::UINT32, 4, false, Storage::Field::uint64s},
    {ElementType::int64, Proto::INT64, 8, true, Storage::Field::int64s},
    {ElementType::uint64, Proto::UINT64, 8, false, Storage::Field::uint64s},
    {ElementType::boolean, Proto::BOOL, 1, false, Storage::Field::int32s},
}};

/// Calls `visit` with the typed field that belongs to `storage`.
template <class Visit>
auto with_field(const Proto& proto, const Storage& storage, const Visit& visit) {
  switch (storage.field) {
    case Storage::Field::floats:
      return visit(proto.float_data());
    case Storage::Field::doubles:
      return visit(proto.double_data());
    case Storage::Field::int32s:
      return visit(proto.int32_data());
    case Storage::Field::int64s:
      return visit(proto.int64_data());
    case Storage::Field::uint64s:
      break;
  }
  return visit(proto.uint64_data());
}

}  // namespace

const Storage* find_storage(int32_t onnx_type) {
  const auto* found = std::find_if(storages.begin(), storages.end(),
                                   [&](const Storage& row) { return row.onnx_type == onnx_type; });
  return found == storages.end() ? nullptr : found;
}

const Storage& storage_of(ElementType type) {
  const auto* found =
      std::find_if(storages.begin(), storages.end(), [&](const Storage& row) { return row.type == type; });
  ensure(found != storages.end(), "an element type that is not stored");
  return *found;
}

int64_t read_integer(const char* bytes, const Storage& storage) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, storage.bytes);
  const int unused = 64 - 8 * static_cast<int>(storage.bytes);
  return storage.is_signed ? static_cast<int64_t>(value << unused) >> unused : static_cast<int64_t>(value);
}

std::size_t typed_value_count(const Proto& proto) {
  return static_cast<std::size_t>(proto.float_data_size()) +
         static_cast<std::size_t>(proto.double_data_size()) +
         static_cast<std::size_t>(proto.int32_data_size()) +
         static_cast<std::size_t>(proto.int64_data_size()) +
         static_cast<std::size_t>(proto.uint64_data_size()) +
         static_cast<std::size_t>(proto.string_data_size());
}

std::string pack_typed(const Proto& proto, const Storage& storage, const std::string& file,
                       const std::string& place) {
  return with_field(proto, storage, [&](const auto& field) {
    std::string bytes(static_cast<std::size_t>(field.size()) * storage.bytes, '\0');
    char* next = bytes.data();
    for (const auto value : field) {
      std::memcpy(next, &value, storage.bytes);
      if constexpr (std::is_integral_v<std::decay_t<decltype(value)>>) {
        if (read_integer(next, storage) != static_cast<int64_t>(value)) {
          throw InputError(file, place, "holds the value " + std::to_string(value),
                           "it must fit the tensor's type");
        }
      }
      next += storage.bytes;
    }
    return bytes;
  });
}

void unpack_typed(const std::string& bytes, const Storage& storage, Proto& proto) {
  const auto for_each = [&](const auto& add) {
    for (std::size_t at = 0; at < bytes.size(); at += storage.bytes) {
      add(bytes.data() + at);
    }
  };
  const auto as = [](const char* from, auto value) {
    std::memcpy(&value, from, sizeof(value));
    return value;
  };
  switch (storage.field) {
    case Storage::Field::floats:
      proto.clear_float_data();
      for_each([&](const char* from) { proto.add_float_data(as(from, float())); });
      break;
    case Storage::Field::doubles:
      proto.clear_double_data();
      for_each([&](const char* from) { proto.add_double_data(as(from, double())); });
      break;
    case Storage::Field::int32s:
      proto.clear_int32_data();
      for_each(
          [&](const char* from) { proto.add_int32_data(static_cast<int32_t>(read_integer(from, storage))); });
      break;
    case Storage::Field::int64s:
      proto.clear_int64_data();
      for_each([&](const char* from) { proto.add_int64_data(read_integer(from, storage)); });
      break;
    case Storage::Field::uint64s:
      proto.clear_uint64_data();
      for_each([&](const char* from) {
        proto.add_uint64_data(static_cast<uint64_t>(read_integer(from, storage)));
      });
      break;
  }
}

}  // namespace mj
