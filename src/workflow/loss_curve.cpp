#include "workflow/loss_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mj {
namespace {

/// Of the loss by the error. The loss is a divergence, quadratic in a small change of the outputs and no more
/// than linear in a large one; measured on a few hundred images it may seem otherwise.
constexpr double least_power = 0.5;
constexpr double most_power = 1.5;
constexpr double least_error = 1e-9;  ///< of the largest: below it rounding decides

double power_between(double first_error, double second_error, double first_loss, double second_loss) {
  const double errors = std::log(second_error / first_error);
  return errors > 0 ? std::clamp(std::log(second_loss / first_loss) / errors, least_power, most_power) : 1;
}

}  // namespace

std::vector<double> losses_by_error(std::span<const double> errors, std::span<const MeasuredLoss> measured) {
  const double smallest = std::max(least_error * *std::max_element(errors.begin(), errors.end()),
                                   std::numeric_limits<double>::min());
  const auto error = [&](std::size_t level) { return std::max(errors[level], smallest); };
  std::vector<double> losses(errors.size());
  std::size_t next = 1;  // of the two measurements that a level lies between, or next to
  double least = 0;
  for (std::size_t level = 0; level < errors.size(); ++level) {
    while (next + 1 < measured.size() && level > measured[next].level) {
      ++next;
    }
    const MeasuredLoss& first = measured[next - 1];
    const MeasuredLoss& second = measured[next];
    const double power = power_between(error(first.level), error(second.level), first.loss, second.loss);
    const MeasuredLoss& from = level <= first.level ? first : second;
    least = std::max(least, from.loss * std::pow(error(level) / error(from.level), power));
    losses[level] = least;
  }
  return losses;
}

}  // namespace mj
