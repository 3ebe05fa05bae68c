#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

#include "network/tensor.h"

namespace mj {

/// The tensor's sizes. Throws InputError where one is negative or their product overflows.
Shape tensor_shape(const onnx::TensorProto& proto, const std::string& file, const std::string& place);

/// The tensor's values, as many as its shape says; uint64 beyond 2^63 wraps. nullopt where Tensor cannot hold
/// the type, and for a floating tensor without any values ("ONNX without weights"). Throws InputError where
/// values and shape do not agree.
std::optional<Tensor> decode_tensor(const onnx::TensorProto& proto, const std::string& file,
                                    const std::string& place);

/// Removes the values that encode_tensor can restore. Stays: in which field they were (an empty raw_data is
/// still set), and double precision, which Tensor does not keep.
void clear_values(onnx::TensorProto& proto);

/// Puts the values back: as raw_data where it is set, else in the field of its type. A double that rounds to
/// the same float as before keeps its value.
void encode_tensor(const Tensor& tensor, onnx::TensorProto& proto);

}  // namespace mj
