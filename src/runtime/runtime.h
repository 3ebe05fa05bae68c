#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/matrix.h"
#include "base/progress.h"
#include "dataset/dataset.h"
#include "network/activation_stats.h"
#include "network/network.h"

namespace mj {

struct RuntimeOptions {
  int threads = 0;        ///< 0: all available
  int64_t pass_size = 0;  ///< images in a forward pass; 0: chosen by the network's size
};

/// Accuracy over labelled images.
struct Accuracy {
  std::size_t images = 0;
  double top1 = 0;  ///< fraction; of equal scores the lowest class ranks first
  double top5 = 0;
  /// For each of the inputs how many classes rank before its label, 5 at most; -1 where it was left out.
  std::vector<float> ranks;
};

/// Class scores: one row an image.
struct Logits {
  Matrix values;
};

struct SampleOptions {
  int64_t positions = 16;  ///< output positions drawn in each image; all where there are fewer
  uint64_t seed = 0;   ///< the same seed draws the same positions, in any network with the same layer shape
  std::string beside;  ///< a value of the shape of the layer's output, to be sampled too; may be empty
  bool inputs = true;  ///< whether what the layer reads is sampled
  bool outputs = true;
};

/// What a layer reads and gives at sampled output positions; empty where it is not asked for.
struct LayerSamples {
  std::vector<Matrix> inputs;  ///< for each group: rows x (C R S)
  Matrix outputs;              ///< rows x (groups K), before any activation function, bias included
  Matrix beside;               ///< of SampleOptions::beside, as `outputs`; else empty
  int64_t in_image = 0;        ///< rows of each image
};

struct TrainOptions {
  int epochs = 1;
  int64_t batch_size = 128;
  double learning_rate = 1e-3;  ///< at the start; falls to 0 as a half cosine over all steps
  bool is_relative = false;     ///< the rate is a share of the root mean square of each constant's values
  double weight_decay = 0;    ///< decoupled from the gradient (AdamW, Loshchilov and Hutter 2019); weights of
                              ///< MAC layers only
  double distillation = 0;    ///< weight of the KL divergence from the teacher's outputs; the labels'
                              ///< cross-entropy has 1 - distillation
  double temperature = 1;     ///< of the distillation
  double feature_weight = 0;  ///< in the distillation: of the relative squared error of the last feature maps
                              ///< (find_feature_maps), so that every place in an image teaches
  double warm_up = 0;         ///< share of all steps over which the learning rate rises from 0
  double crop = 1;            ///< augmentation: parts of the images of at least this share of their area
  bool flip = false;          ///< augmentation: mirrored left to right half of the time
  bool mix = false;           ///< augmentation: rectangles of other images (CutMix); for distillation alone
  uint64_t seed = 0;
};

inline constexpr int64_t neighbouring_positions = 4;

/// The Fisher information at a MAC layer's outputs: the mean over images of the sum over positions of g g^T,
/// with g the gradient there of the negative log-likelihood of a class drawn from the network's own
/// prediction. Outputs are those of the MAC node itself, as in LayerSamples.
struct OutputInformation {
  std::vector<double> diagonal;  ///< a value an output channel (groups K)
  std::vector<Matrix> groups;    ///< of each group K x K; empty where the diagonal is all that was asked for
  /// How sure the images make it, 0 to 1: the share of what was measured that is nearest to the truth in
  /// expectation, the rest being chance (Ledoit and Wolf 2004). Of the diagonal's differences from its mean,
  double diagonal_certainty = 1;
  double certainty = 1;  ///< and of what stands beside the diagonals.
  /// How many times as often an error counts that is the same at neighbouring_positions (2 x 2 of a map) as
  /// it would if gradients there had nothing to do with each other: the square of their sum over the sum of
  /// their squares. 1 where a layer gives no such maps.
  double agreement = 1;
};

/// Training whose loss or weights became infinite.
class TrainingDiverged : public InputError {
 public:
  using InputError::InputError;
};

/// Where training stands between two epochs; with the constants, all that the rest of it depends on.
struct TrainState {
  int epochs = 0;                           ///< finished
  std::vector<std::vector<float>> moments;  ///< Adam's, first and second, of each trained constant in turn;
                                            ///< empty at the start
};

/// What the steps of a network before one of its layers give for some images: passes over these images can
/// start there as often as one likes. Holds while the constants of the steps before stay as they are.
class Midway {
 public:
  Midway() = default;
  Midway(const Midway&) = delete;
  Midway& operator=(const Midway&) = delete;
  virtual ~Midway() = default;
  /// Of the values that are kept.
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

/// A network ready to run. Not safe to use from several threads at once; it uses several itself.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// Takes over all floating constants of `network`, which must have the graph that this session was opened
  /// with.
  virtual void load_constants(const Network& network) = 0;
  /// Puts the present values into `network`'s floating constants.
  virtual void store_constants(Network& network) const = 0;

  /// Executes the graph once. `inputs` and the result are in the order of Network::inputs and
  /// Network::outputs; floats are computed as float32 and integers as int64, whatever their declared type.
  virtual std::vector<Tensor> run(const std::vector<Tensor>& inputs) = 0;

  /// The network's class scores for each image, before a final Softmax. This and what follows throw
  /// InputError where the network has not exactly one data input, where images do not fit it, and where a
  /// node cannot be computed from what reaches it; and Interrupted soon after `stop` is requested.
  virtual Logits forward(const NetworkInputs& inputs, const ProgressCallback& progress,
                         std::stop_token stop) = 0;
  /// Throws InputError where `inputs` has no labels or a label is beyond the network's classes. An image
  /// whose label has a score that is not a number counts as wrong.
  virtual Accuracy evaluate(const NetworkInputs& inputs, const ProgressCallback& progress,
                            std::stop_token stop) = 0;
  /// Counts the activations' zeros over all of `inputs`.
  virtual ActivationStats measure_activations(const NetworkInputs& inputs, const ProgressCallback& progress,
                                              std::stop_token stop) = 0;
  /// Samples one MAC layer with weights, running the graph only as far as needed. Rows are in the images'
  /// order and, in an image, those of positions near each other follow each other.
  virtual LayerSamples sample_layer(const NetworkInputs& inputs, std::size_t layer,
                                    const SampleOptions& options, std::stop_token stop) = 0;
  /// Runs the images up to a MAC layer and keeps what it and all after it need; null where that takes more
  /// than `most_bytes`. Results of passes from there equal those of passes over the images to the last bit.
  /// @param from of the same images, at a layer that does not stand behind this one; may be null
  virtual std::shared_ptr<const Midway> run_to(const NetworkInputs& inputs, std::size_t layer,
                                               const Midway* from, std::size_t most_bytes,
                                               std::stop_token stop) = 0;
  /// As `forward`, from a layer on.
  virtual Logits forward_from(const Midway& start, std::stop_token stop) = 0;
  /// As `sample_layer`, for a layer that does not stand before the start.
  virtual LayerSamples sample_layer_from(const Midway& start, std::size_t layer, const SampleOptions& options,
                                         std::stop_token stop) = 0;
  /// For each MAC layer; classes are drawn by `seed`. Needs no labels.
  /// @param most_channels of a group for which the whole matrix is wanted; 0: diagonals alone
  virtual std::vector<OutputInformation> output_information(const NetworkInputs& inputs,
                                                            int64_t most_channels, uint64_t seed,
                                                            const ProgressCallback& progress,
                                                            std::stop_token stop) = 0;
  /// The next epoch of options.epochs: back-propagation by Adam (Kingma and Ba 2015) over weights, biases,
  /// and batch norms' scale and shift; batch norms' statistics stay, dropout does nothing. Weights of MAC
  /// layers that are exactly zero at the start are held at zero. `teacher` (may be null; from open_session)
  /// gives the distillation's targets. The loss of an image is (1 - d) cross-entropy + d T^2 KL(teacher at T
  /// || student at T) with d the distillation and T the temperature (Hinton et al. 2015), taken before a
  /// final Softmax. Throws TrainingDiverged where the loss becomes infinite, InputError and for labels as
  /// `evaluate` does unless d = 1. After Interrupted the weights and moments are those of the last step.
  virtual void train_epoch(const NetworkInputs& inputs, const TrainOptions& options, TrainState& state,
                           Session* teacher, const ProgressCallback& progress, std::stop_token stop) = 0;

  /// All epochs.
  void train(const NetworkInputs& inputs, const TrainOptions& options, Session* teacher,
             const ProgressCallback& progress, const std::stop_token& stop) {
    for (TrainState state; state.epochs < options.epochs;) {
      train_epoch(inputs, options, state, teacher, progress, stop);
    }
  }
};

/// Loads the runtime module on first use (it pulls in libtorch) and opens a session. Throws InputError naming
/// node, operator and opset for what cannot be run, and naming the layer for weights that are missing.
/// Weights that the graph declares as inputs are missing only to the methods that take NetworkInputs.
std::unique_ptr<Session> open_session(const Network& network, const RuntimeOptions& options);

}  // namespace mj
