#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "dataset/image.h"
#include "dataset/preprocess.h"

namespace mj {

/// Labelled images, decoded when asked for.
struct Dataset {
  std::string name;  ///< as the user named it
  std::size_t size = 0;
  int classes = 0;          ///< 1 + the largest label, or the number of class folders; 0 without labels
  std::vector<int> labels;  ///< empty where there are none
  std::vector<std::string> class_names;  ///< of class folders, in the labels' order; else empty
  bool is_coded = false;  ///< images lie in files of their own, JPEG or PNG, any of which may be damaged
  std::function<Image(std::size_t)>
      read;  ///< safe to call from several threads; throws InputError naming the image
};

/// Opens a DATASET argument: a folder with one sub-folder a class, a folder of images with labels.txt, an IDX
/// pair or CIFAR-10 batches named by their folder with ":train" or ":test", images.npy with labels.npy (or
/// train-images.npy with ":train"), or "fashion-mnist:train" where Debian's package puts it. Throws
/// InputError.
Dataset open_dataset(const std::string& argument);

/// The same images in another order or fewer.
Dataset select(const Dataset& dataset, const std::vector<std::size_t>& indices);

/// Images as a network wants them.
struct NetworkInputs {
  std::size_t size = 0;
  int64_t channels = 0, height = 0, width = 0;
  int classes = 0;
  std::vector<int> labels;
  std::vector<std::string> class_names;  ///< as in Dataset
  /// Fills channels x height x width floats; safe to call from several threads.
  std::function<void(std::size_t index, std::span<float> values)> load;
};

/// Whether an input of the declared shape (-1 where free) takes such images with their channels along the
/// last axis, as TensorFlow has them, and not along the second one.
bool has_channels_last(std::span<const int64_t> declared, int64_t channels, int64_t height, int64_t width);

/// Checks the images against the network's input shape (-1 where free), whose channels may be last. Coded
/// ones are all decoded once: what cannot be read is left out, and what can is kept where all of it takes at
/// most 256 MB. Throws InputError where shapes do not match, and where more than 1 % of the images cannot be
/// read.
/// @param progress hears how far decoding is, and names each image that is left out
NetworkInputs prepare_inputs(const Dataset& dataset, const Preprocess& preprocess,
                             std::span<const int64_t> input_shape, const std::string& model,
                             const ProgressCallback& progress = {});

NetworkInputs select(const NetworkInputs& inputs, const std::vector<std::size_t>& indices);

}  // namespace mj
