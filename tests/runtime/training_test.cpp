#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "tiny_network.h"

namespace mj {
namespace {

using testing::FloatNear;
using testing::Pointwise;

const std::vector<float> points{1.0F, 0.5F, -0.3F, 0.8F, 0.2F, -1.0F, -0.7F, -0.4F};
const std::vector<int> point_labels{0, 1, 2, 1};

NetworkInputs four_points() {
  return images_of(points, 1, 1, 2, point_labels);
}

/// Two features to three classes: softmax regression.
Network regression(const std::vector<float>& weights, bool with_softmax = false) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2}).constant("w", {2, 3}, weights).constant("b", {3}, {0.1F, 0, -0.1F});
  tiny.node("MatMul", {"x", "w"}, "m", {1, 3}).node("Add", {"m", "b"}, "z", {1, 3});
  if (with_softmax) {
    tiny.node("Softmax", {"z"}, "y", {1, 3});
  }
  return tiny.build({with_softmax ? "y" : "z"});
}

const std::vector<float> start_weights{0.3F, -0.2F, 0.5F, 0.1F, 0.4F, -0.6F};
const std::vector<float> teacher_weights{1.3F, -0.7F, 0.2F, -0.1F, 0.9F, 0.6F};

std::vector<float> trained_weights(const Network& network, const NetworkInputs& inputs,
                                   const TrainOptions& options, Session* teacher = nullptr) {
  const auto session = open_session(network, one_thread());
  session->train(inputs, options, teacher, {}, {});
  Network result = network;
  session->store_constants(result);
  return result.constants.at("w").floats;
}

/// softmax((x W + b) / temperature) of one point.
std::vector<double> probabilities(const std::vector<double>& w, const std::vector<double>& b,
                                  std::size_t point, double temperature) {
  std::vector<double> p;
  double sum = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    const double z = points[2 * point] * w[k] + points[2 * point + 1] * w[3 + k] + b[k];
    p.push_back(std::exp(z / temperature));
    sum += p.back();
  }
  for (auto& value : p) {
    value /= sum;
  }
  return p;
}

/// The loss's slope in the weights (first 6) and biases, from the closed form of softmax regression:
/// (1 - d) (p - y) + d T (p_T - q_T) at the logits.
std::vector<double> slopes(const std::vector<double>& parameters, const TrainOptions& options) {
  const std::vector<double> w(parameters.begin(), parameters.begin() + 6);
  const std::vector<double> b(parameters.begin() + 6, parameters.end());
  const std::vector<double> teacher_w(teacher_weights.begin(), teacher_weights.end());
  const std::vector<double> teacher_b{0.1, 0, -0.1};
  std::vector<double> slope(9);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto p = probabilities(w, b, i, 1);
    const auto student = probabilities(w, b, i, options.temperature);
    const auto teacher = probabilities(teacher_w, teacher_b, i, options.temperature);
    for (std::size_t k = 0; k < 3; ++k) {
      const double label = static_cast<std::size_t>(point_labels[i]) == k ? 1 : 0;
      const double at_logit = ((1 - options.distillation) * (p[k] - label) +
                               options.distillation * options.temperature * (student[k] - teacher[k])) /
                              4;
      slope[k] += at_logit * points[2 * i];
      slope[3 + k] += at_logit * points[2 * i + 1];
      slope[6 + k] += at_logit;
    }
  }
  return slope;
}

/// Root mean square of what is not zero.
double rms(const std::vector<double>& values, std::size_t first, std::size_t end) {
  double squares = 0;
  double count = 0;
  for (std::size_t i = first; i < end; ++i) {
    squares += values[i] * values[i];
    count += values[i] != 0 ? 1 : 0;
  }
  return std::sqrt(squares / count);
}

/// Adam as published, in double precision, on the whole batch: an epoch is a step.
std::vector<float> expected_weights(const TrainOptions& options) {
  std::vector<double> parameters(start_weights.begin(), start_weights.end());
  parameters.insert(parameters.end(), {0.1F, 0.0, -0.1F});
  std::vector<double> m(9);
  std::vector<double> v(9);
  for (int t = 1; t <= options.epochs; ++t) {
    const auto slope = slopes(parameters, options);
    const double risen = options.warm_up > 0 ? std::min(1.0, t / (options.warm_up * options.epochs)) : 1;
    const double rate =
        risen * options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * (t - 1) / options.epochs));
    const std::vector<double> scales{options.is_relative ? rms(parameters, 0, 6) : 1,
                                     options.is_relative ? rms(parameters, 6, 9) : 1};
    for (std::size_t i = 0; i < 9; ++i) {
      m[i] = 0.9 * m[i] + 0.1 * slope[i];
      v[i] = 0.999 * v[i] + 0.001 * slope[i] * slope[i];
      const double step = m[i] / (1 - std::pow(0.9, t)) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
      const double decay = i < 6 ? options.weight_decay : 0;
      parameters[i] -= rate * scales[i < 6 ? 0 : 1] * (step + decay * parameters[i]);
    }
  }
  return {parameters.begin(), parameters.begin() + 6};
}

TEST(GoldenTraining, FollowsAdamInClosedForm) {
  TrainOptions options;
  options.epochs = 7;
  options.learning_rate = 0.05;
  EXPECT_THAT(trained_weights(regression(start_weights), four_points(), options),
              Pointwise(FloatNear(1e-5F), expected_weights(options)));
  options.weight_decay = 0.3;
  EXPECT_THAT(trained_weights(regression(start_weights), four_points(), options),
              Pointwise(FloatNear(1e-5F), expected_weights(options)));
}

TEST(GoldenTraining, RatesRiseAndAreRelativeToTheValuesInClosedForm) {
  TrainOptions options;
  options.epochs = 9;
  options.learning_rate = 0.05;
  options.warm_up = 0.5;
  options.is_relative = true;
  options.weight_decay = 0.3;
  EXPECT_THAT(trained_weights(regression(start_weights), four_points(), options),
              Pointwise(FloatNear(1e-5F), expected_weights(options)));
}

/// Two maps of one value a place, pooled to two scores.
Network pooled_maps(const std::vector<float>& weights) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 1, 2, 2}).constant("w", {2, 1, 1, 1}, weights);
  tiny.node("Conv", {"x", "w"}, "maps", {1, 2, 2, 2});
  tiny.node("GlobalAveragePool", {"maps"}, "pooled", {1, 2, 1, 1}).node("Flatten", {"pooled"}, "z", {1, 2});
  return tiny.build({"z"});
}

// Scores that are all larger by the same are the same prediction: maps tell them apart.
TEST(UnitTraining, FeatureMapsTeachWhatPredictionsDoNot) {
  const auto images = images_of({1, 2, 3, 2, 2, 1, 0, 1}, 1, 2, 2);
  const auto teacher = open_session(pooled_maps({3, 4}), one_thread());
  TrainOptions options;
  options.distillation = 1;
  options.epochs = 200;
  options.learning_rate = 0.05;
  // Adam's steps do not know how small the rounding is that they go by.
  EXPECT_THAT(trained_weights(pooled_maps({1, 2}), images, options, teacher.get()),
              Pointwise(FloatNear(0.1F), {1.0F, 2.0F}));
  options.feature_weight = 1;
  EXPECT_THAT(trained_weights(pooled_maps({1, 2}), images, options, teacher.get()),
              Pointwise(FloatNear(1e-2F), {3.0F, 4.0F}));
}

TEST(GoldenTraining, FollowsTheTeacherInClosedForm) {
  TrainOptions options;
  options.epochs = 7;
  options.learning_rate = 0.05;
  options.distillation = 0.4;
  options.temperature = 2.5;
  const auto teacher = open_session(regression(teacher_weights), one_thread());
  EXPECT_THAT(trained_weights(regression(start_weights), four_points(), options, teacher.get()),
              Pointwise(FloatNear(1e-5F), expected_weights(options)));
}

TEST(UnitTraining, DistillationAloneNeedsNoLabels) {
  TrainOptions options;
  options.distillation = 1;
  options.epochs = 7;
  options.learning_rate = 0.05;
  const auto teacher = open_session(regression(teacher_weights), one_thread());
  EXPECT_THAT(trained_weights(regression(start_weights), images_of(points, 1, 1, 2), options, teacher.get()),
              Pointwise(FloatNear(1e-5F), expected_weights(options)));
}

TEST(UnitTraining, AFinalSoftmaxChangesNothing) {
  TrainOptions options;
  options.epochs = 3;
  options.batch_size = 2;
  EXPECT_EQ(trained_weights(regression(start_weights, true), four_points(), options),
            trained_weights(regression(start_weights, false), four_points(), options));
}

/// Convolution, batch norm, Relu, pooling and a product with bias.
Network convolutional() {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2, 6, 6});
  tiny.constant("w", {4, 2, 3, 3}, sparse_values(72, 1)).constant("b", {4}, random_values(4, 2));
  tiny.constant("scale", {4}, {1.2F, 0.8F, 1, 0.5F}).constant("shift", {4}, random_values(4, 3));
  tiny.constant("mean", {4}, random_values(4, 4)).constant("var", {4}, {1, 2, 0.5F, 1.5F});
  tiny.node("Conv", {"x", "w", "b"}, "c", {1, 4, 4, 4});
  tiny.node("BatchNormalization", {"c", "scale", "shift", "mean", "var"}, "n", {1, 4, 4, 4});
  tiny.node("Relu", {"n"}, "r", {1, 4, 4, 4});
  tiny.node("AveragePool", {"r"}, "p", {1, 4, 2, 2},
            {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
  tiny.node("Flatten", {"p"}, "f", {1, 16});
  tiny.constant("fc", {3, 16}, random_values(48, 5)).constant("fcb", {3}, random_values(3, 6));
  tiny.node("Gemm", {"f", "fc", "fcb"}, "z", {1, 3}, {{"transB", int64_t{1}}});
  return tiny.build({"z"});
}

NetworkInputs labelled_images() {
  return images_of(random_values(6 * 72, 7), 2, 6, 6, {0, 1, 2, 2, 1, 0});
}

double mean_loss(Session& session, const NetworkInputs& inputs) {
  const Matrix logits = session.forward(inputs, {}, {}).values;
  double loss = 0;
  for (int64_t i = 0; i < logits.rows; ++i) {
    double sum = 0;
    for (int64_t k = 0; k < logits.columns; ++k) {
      sum += std::exp(static_cast<double>(logits.at(i, k)));
    }
    loss += std::log(sum) - logits.at(i, inputs.labels[static_cast<std::size_t>(i)]);
  }
  return loss / static_cast<double>(logits.rows);
}

// Adam's first step is the learning rate against the sign of each slope, whatever its size; the slopes come
// from finite differences of the loss. Steep ones only: the others drown in rounding.
TEST(PropertyTraining, TheFirstStepGoesAgainstEverySlope) {
  const Network start = convolutional();
  const auto inputs = labelled_images();
  const auto session = open_session(start, one_thread());
  TrainOptions options;
  options.learning_rate = 1e-3;
  session->train(inputs, options, nullptr, {}, {});
  Network after = start;
  session->store_constants(after);
  int checked = 0;
  for (const auto* name : {"w", "b", "scale", "shift", "fc", "fcb"}) {
    for (std::size_t i = 0; i < start.constants.at(name).floats.size(); ++i) {
      const float value = start.constants.at(name).floats[i];
      if (value == 0) {
        continue;
      }
      Network moved = start;
      const auto loss_at = [&](float there) {
        moved.constants.at(name).floats[i] = there;
        session->load_constants(moved);
        return mean_loss(*session, inputs);
      };
      const double slope = (loss_at(value + 0.01F) - loss_at(value - 0.01F)) / 0.02;
      if (std::abs(slope) > 2e-3) {
        const double step = after.constants.at(name).floats[i] - value;
        EXPECT_NEAR(step, slope > 0 ? -1e-3 : 1e-3, 1e-5) << name << " " << i << " slope " << slope;
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 60);
}

TEST(UnitTraining, ZeroWeightsAndStatisticsStay) {
  const Network start = convolutional();
  const auto session = open_session(start, one_thread());
  TrainOptions options;
  options.epochs = 4;
  options.batch_size = 4;
  options.weight_decay = 0.01;
  options.crop = 0.5;
  options.flip = true;
  session->train(labelled_images(), options, nullptr, {}, {});
  Network after = start;
  session->store_constants(after);
  const auto& before = start.constants.at("w").floats;
  const auto& now = after.constants.at("w").floats;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(now[i] == before[i], before[i] == 0) << i;
  }
  EXPECT_EQ(after.constants.at("mean").floats, start.constants.at("mean").floats);
  EXPECT_EQ(after.constants.at("var").floats, start.constants.at("var").floats);
  EXPECT_NE(after.constants.at("scale").floats, start.constants.at("scale").floats);
}

TEST(UnitTraining, TheSameSeedGivesTheSameBytes) {
  TrainOptions options;
  options.epochs = 3;
  options.batch_size = 2;
  options.crop = 0.5;
  options.flip = true;
  const auto first = trained_weights(convolutional(), labelled_images(), options);
  EXPECT_EQ(trained_weights(convolutional(), labelled_images(), options), first);
  options.seed = 1;
  EXPECT_NE(trained_weights(convolutional(), labelled_images(), options), first);
}

TEST(UnitTraining, GoesOnInAnotherSessionToTheSameBytes) {
  TrainOptions options;
  options.epochs = 3;
  options.batch_size = 2;
  options.weight_decay = 0.1;
  const auto whole = trained_weights(convolutional(), labelled_images(), options);
  Network network = convolutional();
  TrainState state;
  while (state.epochs < options.epochs) {
    const auto session = open_session(convolutional(), one_thread());
    session->load_constants(network);
    session->train_epoch(labelled_images(), options, state, nullptr, {}, {});
    session->store_constants(network);
  }
  EXPECT_EQ(network.constants.at("w").floats, whole);
}

TEST(UnitTraining, LearnsWhatItIsShown) {
  const auto session = open_session(convolutional(), one_thread());
  TrainOptions options;
  options.epochs = 60;
  options.learning_rate = 0.02;
  std::vector<double> fractions;
  session->train(labelled_images(), options, nullptr,
                 [&](const Progress& progress) { fractions.push_back(progress.fraction); }, {});
  const auto accuracy = session->evaluate(labelled_images(), {}, {});
  EXPECT_EQ(accuracy.images, 6U);
  EXPECT_EQ(accuracy.top1, 1.0);
  EXPECT_EQ(accuracy.top5, 1.0);
  EXPECT_EQ(fractions.size(), 60U);
  EXPECT_EQ(fractions.back(), 1.0);
}

TEST(UnitTraining, StopsBetweenBatchesAndStaysUsable) {
  const auto session = open_session(convolutional(), one_thread());
  TrainOptions options;
  options.epochs = 5;
  std::stop_source source;
  int steps = 0;
  const auto stop_after_two = [&](const Progress&) {
    if (++steps == 2) {
      source.request_stop();
    }
  };
  EXPECT_THROW(session->train(labelled_images(), options, nullptr, stop_after_two, source.get_token()),
               Interrupted);
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(session->forward(labelled_images(), {}, {}).values.rows, 6);
}

TEST(ErrorsTraining, AnInfiniteLossNamesTheLearningRate) {
  TrainOptions options;
  options.learning_rate = 1e30;
  options.epochs = 3;
  try {
    trained_weights(convolutional(), labelled_images(), options);
    FAIL() << "trained with an absurd learning rate";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "learning rate 1e+30: epoch 2: makes the loss infinite; lower the learning rate");
  }
}

}  // namespace
}  // namespace mj
