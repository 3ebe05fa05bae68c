#include "runtime/torch/adam.h"

#include <torch/csrc/autograd/grad_mode.h>

#include <cmath>

namespace mj {

Parameter make_parameter(const at::Tensor& values, bool holds_zeros) {
  Parameter parameter;
  parameter.values = values;
  if (holds_zeros) {
    parameter.held = values.detach() == 0;
  }
  parameter.decays = holds_zeros;
  return parameter;
}

void adam_step(Parameter& parameter, const at::Tensor& gradient, double learning_rate, double weight_decay,
               int64_t step) {
  constexpr double beta1 = 0.9;
  constexpr double beta2 = 0.999;
  constexpr double epsilon = 1e-8;
  const at::NoGradGuard no_gradients;
  const auto slope = parameter.held.defined() ? gradient.masked_fill(parameter.held, 0) : gradient;
  parameter.first_moment.mul_(beta1).add_(slope, 1 - beta1);
  parameter.second_moment.mul_(beta2).addcmul_(slope, slope, 1 - beta2);
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  const auto divisor = (parameter.second_moment / correction2).sqrt_().add_(epsilon);
  if (parameter.decays && weight_decay != 0) {
    parameter.values.mul_(1 - learning_rate * weight_decay);
  }
  parameter.values.addcdiv_(parameter.first_moment, divisor, -learning_rate / correction1);
}

}  // namespace mj
