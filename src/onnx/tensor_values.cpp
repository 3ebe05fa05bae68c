#include "onnx/tensor_values.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "onnx/element_storage.h"
#include "onnx/half_precision.h"
#include "onnx/onnx_file.h"

namespace mj {
namespace {

float from_half(ElementType type, uint16_t bits) {
  return type == ElementType::float16 ? from_float16(bits) : from_bfloat16(bits);
}

uint16_t to_half(ElementType type, float value) {
  return type == ElementType::float16 ? to_float16(value) : to_bfloat16(value);
}

using Proto = onnx::TensorProto;

Tensor from_bytes(std::string_view bytes, const Storage& storage, Shape shape) {
  Tensor tensor{storage.type, std::move(shape), {}, {}};
  const std::size_t count = bytes.size() / storage.bytes;
  if (!is_floating(storage.type)) {
    tensor.integers.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      tensor.integers[i] = read_integer(bytes.data() + i * storage.bytes, storage);
    }
    return tensor;
  }
  tensor.floats.resize(count);
  if (storage.type == ElementType::float32) {
    std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(tensor.floats.data()));
    return tensor;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const char* from = bytes.data() + i * storage.bytes;
    if (storage.type == ElementType::float64) {
      double value = 0;
      std::memcpy(&value, from, sizeof(value));
      tensor.floats[i] = static_cast<float>(value);
    } else {
      const auto bits = static_cast<uint16_t>(read_integer(from, storage));
      tensor.floats[i] = from_half(storage.type, bits);
    }
  }
  return tensor;
}

/// `before` are the doubles that the floats were made of, or something else entirely.
std::string double_bytes(const std::vector<float>& floats, std::string_view before) {
  std::string bytes(floats.size() * sizeof(double), '\0');
  const bool has_before = before.size() == bytes.size();
  for (std::size_t i = 0; i < floats.size(); ++i) {
    double value = floats[i];
    if (has_before) {
      double old = 0;
      std::memcpy(&old, before.data() + i * sizeof(double), sizeof(double));
      const bool is_same =
          std::bit_cast<uint32_t>(static_cast<float>(old)) == std::bit_cast<uint32_t>(floats[i]);
      value = is_same ? old : value;
    }
    std::memcpy(bytes.data() + i * sizeof(double), &value, sizeof(double));
  }
  return bytes;
}

std::string to_bytes(const Tensor& tensor, const Storage& storage) {
  if (tensor.type == ElementType::float32) {
    return {reinterpret_cast<const char*>(tensor.floats.data()), tensor.floats.size() * storage.bytes};
  }
  const std::size_t count = is_floating(tensor.type) ? tensor.floats.size() : tensor.integers.size();
  std::string bytes(count * storage.bytes, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    char* to = bytes.data() + i * storage.bytes;
    if (is_floating(tensor.type)) {
      const uint16_t bits = to_half(tensor.type, tensor.floats[i]);
      std::memcpy(to, &bits, storage.bytes);
    } else {
      std::memcpy(to, &tensor.integers[i], storage.bytes);
    }
  }
  return bytes;
}

}  // namespace

Shape tensor_shape(const Proto& proto, const std::string& file, const std::string& place) {
  Shape shape(proto.dims().begin(), proto.dims().end());
  if (!checked_element_count(shape).has_value()) {
    throw InputError(file, place, "has the shape " + to_string(shape),
                     "sizes must not be negative, their product must be below 2^63");
  }
  return shape;
}

std::optional<Tensor> decode_tensor(const Proto& proto, const std::string& file, const std::string& place) {
  const auto check = [&](bool holds, const std::string& problem, const std::string& remedy) {
    if (!holds) {
      throw InputError(file, place, problem, remedy);
    }
  };
  Shape shape = tensor_shape(proto, file, place);
  const auto count = static_cast<std::size_t>(element_count(shape));
  const Storage* found = find_storage(proto.data_type());
  const std::size_t typed = typed_value_count(proto);
  if (found == nullptr || (is_floating(found->type) && proto.raw_data().empty() && typed == 0 && count > 0)) {
    return std::nullopt;
  }
  const Storage& storage = *found;
  const auto check_count = [&](std::size_t held, const char* unit) {
    check(held == count, "holds " + std::to_string(held) + unit,
          "its shape " + to_string(shape) + " needs " + std::to_string(count));
  };
  check(!proto.has_segment(), "is stored in segments", "it must be stored whole");
  check(!proto.has_raw_data() || typed == 0, "holds its values twice", "they must be raw or typed");
  if (proto.has_raw_data()) {
    const std::string& raw = proto.raw_data();
    check(raw.size() % storage.bytes == 0, "holds " + std::to_string(raw.size()) + " bytes",
          "its type needs a multiple of " + std::to_string(storage.bytes));
    check_count(raw.size() / storage.bytes, " values");
    return from_bytes(raw, storage, std::move(shape));
  }
  check_count(typed, " values");
  const std::string packed = pack_typed(proto, storage, file, place);
  check_count(packed.size() / storage.bytes, " values of its type");
  return from_bytes(packed, storage, std::move(shape));
}

void clear_values(Proto& proto) {
  if (proto.data_type() == Proto::DOUBLE) {
    return;
  }
  if (proto.has_raw_data()) {
    proto.set_raw_data(std::string());
  }
  proto.clear_float_data();
  proto.clear_int32_data();
  proto.clear_int64_data();
  proto.clear_uint64_data();
}

void encode_tensor(const Tensor& tensor, Proto& proto) {
  const Storage& storage = storage_of(tensor.type);
  std::string bytes;
  if (tensor.type == ElementType::float64) {
    const std::string none;
    const std::string before =
        proto.has_raw_data() ? proto.raw_data() : pack_typed(proto, storage, none, none);
    const bool is_same_shape =
        std::equal(proto.dims().begin(), proto.dims().end(), tensor.shape.begin(), tensor.shape.end());
    bytes = double_bytes(tensor.floats, is_same_shape ? std::string_view(before) : std::string_view());
  } else {
    bytes = to_bytes(tensor, storage);
  }
  proto.mutable_dims()->Assign(tensor.shape.begin(), tensor.shape.end());
  proto.set_data_type(storage.onnx_type);
  if (proto.has_raw_data()) {
    proto.set_raw_data(std::move(bytes));
  } else {
    unpack_typed(bytes, storage, proto);
  }
}

void round_constants(Network& network) {
  for (auto& [name, tensor] : network.constants) {
    const ElementType type = tensor.type;
    if (type == ElementType::float16 || type == ElementType::bfloat16) {
      std::transform(tensor.floats.begin(), tensor.floats.end(), tensor.floats.begin(),
                     [type](float value) { return from_half(type, to_half(type, value)); });
    }
  }
}

}  // namespace mj
