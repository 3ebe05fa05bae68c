#include "runtime/torch/training.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/random.h"
#include "base/threads.h"
#include "runtime/augment.h"
#include "runtime/torch/adam.h"
#include "runtime/torch/fuse_layers.h"
#include "runtime/torch/trainable_constants.h"

namespace mj {
namespace {

constexpr double least_power = 1e-12;
constexpr double least_scale = 1e-4;  ///< of constants that are all zero: they may become other than that

/// What a network gives that is compared.
struct Compared {
  at::Tensor logits;
  at::Tensor features;  ///< undefined where none are wanted
};

/// The values that a pass is to give: the logits, and the feature maps where they count and there are any.
std::vector<Slot> wanted_slots(const Model& model, const TrainOptions& options) {
  std::vector<Slot> slots{logits_slot(model)};
  if (options.distillation > 0 && options.feature_weight > 0 && !model.feature_maps.empty()) {
    slots.push_back(find_slot(model, model.feature_maps));
  }
  return slots;
}

Compared compute_outputs(const Model& model, const Plan& plan, const std::vector<Slot>& wanted,
                         const at::Tensor& input, const std::stop_token& stop) {
  Compared given;
  run_plan(
      model.graph, plan, {{model.graph.inputs.at(0), input}}, input.size(0),
      [&](Slot slot, const at::Tensor& value) {
        (slot == wanted[0] ? given.logits : given.features) = value;
      },
      stop);
  given.logits = as_rows(model, given.logits, static_cast<std::size_t>(input.size(0)));
  return given;
}

/// What the students' outputs are compared with.
struct Targets {
  at::Tensor labels;  ///< undefined without labels
  Compared teacher;   ///< undefined without distillation
};

at::Tensor loss_of(const Compared& given, const Targets& targets, const TrainOptions& options) {
  const at::Tensor& logits = given.logits;
  at::Tensor loss = at::zeros({});
  if (targets.labels.defined()) {
    loss = loss + (1 - options.distillation) * at::nll_loss(at::log_softmax(logits, 1), targets.labels);
  }
  if (targets.teacher.logits.defined()) {
    const auto student = at::log_softmax(logits / options.temperature, 1);
    const auto teacher = at::log_softmax(targets.teacher.logits / options.temperature, 1);
    const auto divergence = (teacher.exp() * (teacher - student)).sum(1).mean();
    loss = loss + options.distillation * options.temperature * options.temperature * divergence;
  }
  if (targets.teacher.features.defined()) {
    const at::Tensor& wanted = targets.teacher.features;
    const auto power = wanted.square().sum().clamp_min(least_power);
    loss = loss +
           options.distillation * options.feature_weight * (given.features - wanted).square().sum() / power;
  }
  return loss;
}

/// Of Model::pass_size.
constexpr int64_t passes_kept = 4;
constexpr uint64_t mixing = 0x6d69780000000000;  ///< another stream of random numbers than the shuffle's

/// The root mean square of what is not zero.
double scale_of(const at::Tensor& values) {
  const auto held = values.detach().to(at::kDouble);
  const auto nonzeros = at::count_nonzero(held).item<int64_t>();
  return std::max(
      std::sqrt(held.square().sum().item<double>() / static_cast<double>(std::max<int64_t>(nonzeros, 1))),
      least_scale);
}

[[noreturn]] void reject_divergence(const TrainOptions& options, int epoch) {
  throw TrainingDiverged(fmt::format("learning rate {}", options.learning_rate),
                         fmt::format("epoch {}", epoch + 1), "makes the loss infinite",
                         "lower the learning rate");
}

class Trainer {
 public:
  Trainer(Model& model, const NetworkInputs& inputs, const TrainOptions& options, TrainState& state,
          const Model* teacher, const ProgressCallback& progress, const std::stop_token& stop)
      : model_(model),
        inputs_(inputs),
        options_(options),
        teacher_(options.distillation > 0 ? teacher : nullptr),
        progress_(progress),
        stop_(stop),
        wanted_(wanted_slots(model, options)),
        plan_(plan_values(model.graph, wanted_)),
        constants_(model, state.moments) {
    const auto batch_size = static_cast<std::size_t>(options.batch_size);
    const auto batches = static_cast<int64_t>((inputs.size + batch_size - 1) / batch_size);
    steps_ = batches * options.epochs;
    step_ = batches * state.epochs;
    if (options.is_relative) {
      for (Parameter& parameter : constants_.parameters()) {
        parameter.scale = scale_of(parameter.values);
      }
    }
    if (teacher_ != nullptr) {
      teacher_wanted_ = wanted_slots(*teacher_, options);
      teacher_plan_ = plan_inference(*teacher_, teacher_wanted_);
    }
  }

  void run_epoch(int epoch) {
    const uint64_t seed = derive_seed(options_.seed, static_cast<uint64_t>(epoch));
    BatchLoader loader(inputs_, shuffled_indices(inputs_.size, seed), options_.batch_size, model_.threads,
                       augmentation(seed));
    double loss_sum = 0;
    std::size_t images = 0;
    while (Batch* batch = loader.next()) {
      if (stop_.stop_requested()) {
        throw Interrupted();
      }
      if (options_.mix) {
        mix_images(batch->values, batch->indices.size(), inputs_,
                   derive_seed(seed ^ mixing, static_cast<uint64_t>(step_)));
      }
      const double loss = run_step(*batch);
      if (!std::isfinite(loss)) {
        reject_divergence(options_, epoch);
      }
      loss_sum += loss * static_cast<double>(batch->indices.size());
      images += batch->indices.size();
      report(epoch, loss_sum / static_cast<double>(images));
    }
    use_threads(model_.threads);
    for (const Parameter& parameter : constants_.parameters()) {
      if (!at::isfinite(parameter.values).all().item<bool>()) {
        reject_divergence(options_, epoch);
      }
    }
  }

 private:
  ImageChange augmentation(uint64_t epoch_seed) const {
    if (options_.crop == 1 && !options_.flip) {
      return {};
    }
    return [this, epoch_seed](std::size_t index, std::span<float> values) {
      // Another stream than the shuffle's.
      augment_image(values, inputs_, options_.crop, options_.flip, derive_seed(~epoch_seed, index));
    };
  }

  /// A batch's parts run side by side, each on one thread: on small maps that takes two thirds of the time of
  /// threads inside every operator. A part keeps the maps of so many passes at once for its way back.
  /// Gradients are added in the images' order, so that the sum does not depend on which part was ready first.
  double run_step(const Batch& batch) {
    const auto input = input_tensor(model_, inputs_, batch.indices.size(), batch.values);
    const int64_t images = input.size(0);
    const auto count = static_cast<std::size_t>(std::clamp<int64_t>(model_.threads, 1, images));
    std::vector<Part> parts(count);
    parallel_for(count, model_.threads, [&](std::size_t i) {
      use_threads(1);
      const auto first = static_cast<int64_t>(i) * images / static_cast<int64_t>(count);
      const auto end = static_cast<int64_t>(i + 1) * images / static_cast<int64_t>(count);
      for (int64_t from = first; from < end; from += passes_kept * model_.pass_size) {
        const auto to = std::min(end, from + passes_kept * model_.pass_size);
        add(run_part(batch, input.slice(0, from, to), from), parts[i]);
      }
    });
    for (std::size_t i = 1; i < count; ++i) {
      add(parts[i], parts[0]);
    }
    if (std::isfinite(parts[0].loss)) {
      descend(parts[0].gradients);
    }
    return parts[0].loss;
  }

  /// Loss and gradients of images of a batch, in proportion to their number.
  struct Part {
    double loss = 0;
    torch::autograd::variable_list gradients;
  };

  static void add(const Part& part, Part& sum) {
    sum.loss += part.loss;
    if (sum.gradients.empty()) {
      sum.gradients = part.gradients;
      return;
    }
    for (std::size_t k = 0; k < sum.gradients.size(); ++k) {
      if (sum.gradients[k].defined()) {
        sum.gradients[k] = sum.gradients[k] + part.gradients[k];
      }
    }
  }

  Part run_part(const Batch& batch, const at::Tensor& input, int64_t first) {
    torch::autograd::variable_list values;
    for (const Parameter& parameter : constants_.parameters()) {
      values.push_back(parameter.values);
    }
    const Compared given = compute_outputs(model_, plan_, wanted_, input, stop_);
    const double share = static_cast<double>(input.size(0)) / static_cast<double>(batch.indices.size());
    const auto loss = loss_of(given, targets(batch, input, first, given.logits.size(1)), options_) * share;
    return {loss.item<double>(), torch::autograd::grad({loss}, values, {}, false, false, true)};
  }

  Targets targets(const Batch& batch, const at::Tensor& input, int64_t first, int64_t classes) const {
    Targets result;
    if (options_.distillation < 1) {
      check_classes(model_, inputs_, classes);
      result.labels = at::empty({input.size(0)}, at::kLong);
      for (int64_t i = 0; i < input.size(0); ++i) {
        result.labels.data_ptr<int64_t>()[i] =
            inputs_.labels[batch.indices[static_cast<std::size_t>(first + i)]];
      }
    }
    if (teacher_ != nullptr) {
      const at::NoGradGuard no_gradients;
      result.teacher = compute_outputs(*teacher_, teacher_plan_, teacher_wanted_, input, stop_);
      ensure(result.teacher.logits.size(1) == classes, "teacher and student have the same classes");
    }
    return result;
  }

  void descend(const torch::autograd::variable_list& gradients) {
    auto& parameters = constants_.parameters();
    const double progress = static_cast<double>(step_) / static_cast<double>(steps_);
    ++step_;
    const double risen = static_cast<double>(step_) / (options_.warm_up * static_cast<double>(steps_));
    const double rate = options_.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * progress)) *
                        (options_.warm_up > 0 ? std::min(1.0, risen) : 1);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (gradients[i].defined()) {
        adam_step(parameters[i], gradients[i], rate * parameters[i].scale, options_.weight_decay, step_);
      }
    }
  }

  void report(int epoch, double loss) const {
    if (progress_) {
      progress_({"training", static_cast<double>(step_) / static_cast<double>(steps_),
                 fmt::format("epoch {} of {}, loss {:.4f}", epoch + 1, options_.epochs, loss), false});
    }
  }

  Model& model_;
  const NetworkInputs& inputs_;
  const TrainOptions& options_;
  const Model* teacher_;
  const ProgressCallback& progress_;
  const std::stop_token& stop_;
  std::vector<Slot> wanted_;
  Plan plan_;
  std::vector<Slot> teacher_wanted_;
  Plan teacher_plan_;
  TrainableConstants constants_;
  int64_t steps_ = 0;  ///< in all epochs
  int64_t step_ = 0;
};

void check_options(const TrainOptions& options, const Model* teacher) {
  ensure(options.epochs >= 0 && options.batch_size > 0 && options.temperature > 0,
         "training needs a positive batch size and temperature, no negative epochs");
  ensure(options.crop > 0 && options.crop <= 1, "a crop has a share of the image");
  ensure(!options.mix || options.distillation == 1, "mixed images have no labels");
  ensure(options.distillation >= 0 && options.distillation <= 1, "a share of distillation is in [0, 1]");
  ensure(options.distillation == 0 || teacher != nullptr, "distillation needs a teacher");
}

}  // namespace

void check_labels(const Model& model, const NetworkInputs& inputs) {
  if (inputs.labels.size() != inputs.size) {
    throw InputError(model.network.file, "", "is given images without labels", "give labelled images");
  }
  if (std::any_of(inputs.labels.begin(), inputs.labels.end(), [](int label) { return label < 0; })) {
    throw InputError(model.network.file, "", "is given a negative label", "labels count from 0");
  }
}

void check_classes(const Model& model, const NetworkInputs& inputs, int64_t classes) {
  const auto largest = std::max_element(inputs.labels.begin(), inputs.labels.end());
  if (largest != inputs.labels.end() && *largest >= classes) {
    throw InputError(model.network.file, fmt::format("output '{}'", model.network.outputs.at(0).name),
                     fmt::format("has {} classes, and an image has the label {}", classes, *largest),
                     "labels must be below the number of classes");
  }
}

void train_epoch(Model& model, const NetworkInputs& inputs, const TrainOptions& options, TrainState& state,
                 const Model* teacher, const ProgressCallback& progress, const std::stop_token& stop) {
  check_inputs(model, inputs);
  check_options(options, teacher);
  if (options.distillation < 1) {
    check_labels(model, inputs);
  }
  Trainer(model, inputs, options, state, teacher, progress, stop).run_epoch(state.epochs);
  ++state.epochs;
}

}  // namespace mj
