#include "workflow/layer_fitting.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "workflow/followers.h"

namespace mj {
namespace {

/// Of a batch norm; a change of its input hardly shows behind a smaller one.
constexpr double least_scale = 1e-3;

struct FitSamples {
  LayerSamples read;
  Matrix wanted;
};

/// Adds to a layer's outputs what is missing in the value that they are added to.
void make_good(const Addition& addition, const Matrix& wanted, const Matrix& given, Matrix& outputs) {
  for (int64_t i = 0; i < outputs.rows; ++i) {
    for (int64_t j = 0; j < outputs.columns; ++j) {
      const double scale = addition.scale[static_cast<std::size_t>(j)];
      if (std::fabs(scale) > least_scale) {
        outputs.at(i, j) += static_cast<float>((wanted.at(i, j) - given.at(i, j)) / scale);
      }
    }
  }
}

FitSamples sample(LayerPasses& reference, LayerPasses& working, std::size_t layer, SampleOptions options,
                  const std::optional<Addition>& addition, const std::stop_token& stop) {
  reference.go_to(layer, stop);
  working.go_to(layer, stop);
  options.inputs = false;
  LayerSamples wanted = reference.samples(layer, options, stop);
  options.inputs = true;
  options.outputs = false;
  FitSamples samples{working.samples(layer, options, stop), std::move(wanted.outputs)};
  if (addition) {
    make_good(*addition, wanted.beside, samples.read.beside, samples.wanted);
  }
  return samples;
}

void append(Matrix& matrix, Matrix more) {
  if (matrix.rows == 0) {
    matrix = std::move(more);
    return;
  }
  matrix.rows += more.rows;
  matrix.values.insert(matrix.values.end(), more.values.begin(), more.values.end());
}

/// What fit_layer needs.
void append(FitSamples& samples, FitSamples more) {
  samples.read.inputs.resize(more.read.inputs.size());
  for (std::size_t group = 0; group < more.read.inputs.size(); ++group) {
    append(samples.read.inputs[group], std::move(more.read.inputs[group]));
  }
  append(samples.wanted, std::move(more.wanted));
  samples.read.in_image = more.read.in_image;
}

void add(std::optional<LayerFit>& fit, LayerFit more) {
  if (!fit) {
    fit = std::move(more);
    return;
  }
  for (std::size_t group = 0; group < fit->groups.size(); ++group) {
    add_samples(fit->groups[group], std::move(more.groups[group]));
  }
}

}  // namespace

std::size_t turns_of(const PruneOptions& options, std::size_t images) {
  constexpr std::size_t enough = 8000;  // images of all turns
  const std::size_t turns = std::clamp<std::size_t>(enough / images, 1, most_turns);
  return options.method == PruneMethod::levels ? std::min(turns, images) : 1;
}

FitSampling sampling_of(const MacLayer& layer, std::size_t images, std::size_t turns, int64_t positions) {
  const LayerShape& shape = layer.shape;
  const int64_t wanted = static_cast<int64_t>(turns) * positions;
  const int64_t in_turn = bounded_positions(layer, (images + turns - 1) / turns, wanted);
  const int64_t rows = static_cast<int64_t>(images) * std::min(in_turn, shape.n * shape.p * shape.q);
  if (turns > 1 && rows >= few_samples * shape.c * shape.r * shape.s) {
    return {in_turn, true};
  }
  return {bounded_positions(layer, images, wanted), false};
}

LayerFitting::Turn::Turn(PruneContext& context, NetworkInputs some)
    : images(std::move(some)),
      reference(*context.reference, images, 0),
      working(*context.working, images, 0) {}

void LayerFitting::take(const NetworkInputs& images) {
  if (images_ == &images) {
    return;
  }
  images_ = &images;
  turns_.clear();
  const std::size_t turns = turns_of(context_.job.options, images.size);
  for (std::size_t turn = 0; turn < turns; ++turn) {
    const std::size_t first = turn * images.size / turns;
    std::vector<std::size_t> some((turn + 1) * images.size / turns - first);
    std::iota(some.begin(), some.end(), first);
    turns_.emplace_back(context_, select(images, some));
  }
}

std::size_t LayerFitting::kept_bytes(LayerPasses Turn::*passes) const {
  return std::accumulate(
      turns_.begin(), turns_.end(), std::size_t{0},
      [&](std::size_t sum, const Turn& turn) { return sum + (turn.*passes).kept_bytes(); });
}

std::size_t LayerFitting::kept_bytes() const {
  return kept_bytes(&Turn::reference) + kept_bytes(&Turn::working);
}

void LayerFitting::share_room(Turn& turn) const {
  for (LayerPasses Turn::*passes : {&Turn::reference, &Turn::working}) {
    const std::size_t others = kept_bytes(passes) - (turn.*passes).kept_bytes();
    (turn.*passes).set_most_bytes(context_.kept_bytes - std::min(others, context_.kept_bytes));
  }
}

LayerFit LayerFitting::fit(const Network& network, std::size_t layer, uint64_t seed) {
  const PruneOptions& options = context_.job.options;
  const std::optional<Addition> addition =
      options.recipe.compensate ? addition_behind(network, layer) : std::nullopt;
  const bool is_part = is_sampled_on_part(network, layer, context_.fitted.size, options.recipe.positions);
  take(is_part ? context_.fitted_part : context_.fitted);
  const std::size_t fewer = is_part ? images_for_one : 1;
  const FitSampling sampling = sampling_of(network.layers[layer], images_->size, turns_.size(),
                                           static_cast<int64_t>(fewer) * options.recipe.positions);
  const OutputInformation* worth =
      options.method == PruneMethod::levels ? &output_worth(context_)[layer] : nullptr;
  std::optional<LayerFit> fit;
  FitSamples samples;
  for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
    const SampleOptions drawn{
        .positions = sampling.positions,
        .seed = derive_seed(seed, static_cast<uint64_t>(std::distance(turns_.begin(), turn))),
        .beside = addition ? addition->addend : std::string()};
    share_room(*turn);
    append(samples, sample(turn->reference, turn->working, layer, drawn, addition, context_.stop));
    if (sampling.adds_up || std::next(turn) == turns_.end()) {
      add(fit, fit_layer(network, layer, std::move(samples.read), std::move(samples.wanted),
                         context_.samples.size / fewer, worth));
      samples = {};
    }
  }
  return *std::move(fit);
}

}  // namespace mj
