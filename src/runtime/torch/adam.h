#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace mj {

/// A tensor being trained.
struct Parameter {
  at::Tensor values;  ///< changed in place
  at::Tensor held;    ///< true where a weight stays zero; undefined where none does
  bool decays = false;
  double scale = 1;  ///< of the learning rate
  at::Tensor first_moment;
  at::Tensor second_moment;
};

/// The moments are the caller's to set.
Parameter make_parameter(const at::Tensor& values, bool holds_zeros);

/// One step of Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter
/// 2019, algorithm 2).
/// @param step counted from 1
void adam_step(Parameter& parameter, const at::Tensor& gradient, double learning_rate, double weight_decay,
               int64_t step);

}  // namespace mj
