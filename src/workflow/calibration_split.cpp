#include "workflow/calibration_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace mj {
namespace {

constexpr std::size_t fewest_images = 10;
constexpr std::size_t most_held_back = 10000;
constexpr std::size_t fewest_for_tuning = 100;

}  // namespace

CalibrationSplit split_calibration(const NetworkInputs& inputs, uint64_t seed, const std::string& dataset,
                                   Decision decision) {
  if (inputs.size < fewest_images) {
    throw InputError(dataset, "",
                     fmt::format("holds {} image{} for pruning", inputs.size, inputs.size == 1 ? "" : "s"),
                     fmt::format("at least {} are needed", fewest_images));
  }
  const std::size_t wanted =
      decision == Decision::accuracy ? inputs.size / 5 : std::max(inputs.size / 10, fewest_for_tuning);
  const std::size_t held = std::min({wanted, inputs.size / 5, most_held_back});
  std::vector<std::size_t> all(inputs.size);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::size_t> held_back(all.end() - static_cast<std::ptrdiff_t>(held), all.end());
  if (std::is_sorted(inputs.labels.begin(), inputs.labels.end())) {
    held_back = sample_indices(inputs.size, held, seed);
  }
  std::vector<std::size_t> others;
  std::set_difference(all.begin(), all.end(), held_back.begin(), held_back.end(), std::back_inserter(others));
  const NetworkInputs rest = select(inputs, others);
  const bool tells_accuracy = decision == Decision::accuracy;
  return {tells_accuracy ? rest : inputs, rest, select(inputs, held_back), tells_accuracy};
}

}  // namespace mj
