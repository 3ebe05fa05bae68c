#include "onnx/declare_value.h"

#include "onnx/element_storage.h"

namespace mj {

void set_shape(const Shape& shape, onnx::TensorShapeProto& proto) {
  proto.clear_dim();
  for (const int64_t size : shape) {
    onnx::TensorShapeProto::Dimension& dimension = *proto.add_dim();
    if (size >= 0) {
      dimension.set_dim_value(size);
    }
  }
}

void declare_value(const std::string& name, ElementType type, const Shape& shape,
                   onnx::ValueInfoProto& proto) {
  proto.set_name(name);
  onnx::TypeProto::Tensor& tensor = *proto.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(storage_of(type).onnx_type);
  set_shape(shape, *tensor.mutable_shape());
}

}  // namespace mj
