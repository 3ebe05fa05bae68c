#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "dataset/dataset.h"
#include "network/tensor.h"

namespace mj {
namespace {

constexpr std::size_t most_kept_bytes = std::size_t{256} << 20;
constexpr double most_damaged = 0.01;  ///< of the images, that are left out with a word

/// Whether a declared size, which may be free, allows `size`.
bool allows(int64_t declared, int64_t size) {
  return declared < 0 || declared == size;
}

std::string channels_remedy(int64_t declared, int64_t given) {
  if (declared == 1 || declared == 3) {
    return fmt::format("set `channel_order: {}` in the preprocessing", declared == 1 ? "GRAY" : "RGB or BGR");
  }
  return fmt::format("a network for these images takes ?x{0}xHxW or ?xHxWx{0}", given);
}

std::string size_remedy(int64_t height, int64_t width) {
  const int64_t wanted = height < 0 ? width : height;
  if (allows(width, wanted)) {
    return fmt::format("set `resize_short: {0}` and `crop: {0}` in the preprocessing", wanted);
  }
  return fmt::format("use images of {} x {} pixels; the preprocessing crops squares only", width, height);
}

void check_input(const Shape& declared, const PreprocessedImage& first, const std::string& dataset,
                 const std::string& model) {
  if (declared.size() != 4) {
    throw InputError(
        model, "input", fmt::format("has shape {}", to_string(declared)),
        "a network for images takes four dimensions: images, channels, rows, columns, or the channels "
        "last");
  }
  if (has_channels_last(declared, first.channels, first.height, first.width)) {
    return;
  }
  const bool channels_match = allows(declared[1], first.channels);
  if (channels_match && allows(declared[2], first.height) && allows(declared[3], first.width)) {
    return;
  }
  throw InputError(
      model, "input",
      fmt::format("has shape {}, but the images of {} are {}x{}x{} after preprocessing", to_string(declared),
                  dataset, first.channels, first.height, first.width),
      channels_match ? size_remedy(declared[2], declared[3]) : channels_remedy(declared[1], first.channels));
}

/// Images that were decoded.
struct Decoded {
  std::vector<std::size_t> readable;
  std::vector<std::string> problems;               ///< what is wrong with the others
  std::shared_ptr<const std::vector<Image>> kept;  ///< the readable ones; null where they take too much
};

/// What is wrong with an image; empty where nothing is.
std::string try_image(const Dataset& dataset, std::size_t index, const Preprocess& preprocess, Image& part) {
  try {
    part = visible_part(dataset.read(index), preprocess);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

Decoded decode_all(const Dataset& dataset, const Preprocess& preprocess, const ProgressCallback& progress) {
  std::vector<Image> parts(dataset.size);
  std::vector<std::string> problems(dataset.size);
  std::atomic<std::size_t> bytes = 0;
  std::mutex guard;
  std::size_t done = 0;
  parallel_for(dataset.size, available_threads(), [&](std::size_t i) {
    problems[i] = try_image(dataset, i, preprocess, parts[i]);
    bytes += parts[i].pixels.size();
    if (bytes > most_kept_bytes) {
      parts[i].pixels = {};
    }
    const std::scoped_lock lock(guard);
    ++done;
    if (progress) {
      progress({"decoding images", static_cast<double>(done) / static_cast<double>(dataset.size), "", false});
    }
  });
  Decoded result;
  std::vector<Image> kept;
  for (std::size_t i = 0; i < dataset.size; ++i) {
    if (problems[i].empty()) {
      result.readable.push_back(i);
      kept.push_back(std::move(parts[i]));
    } else {
      result.problems.push_back(std::move(problems[i]));
    }
  }
  if (bytes <= most_kept_bytes) {
    result.kept = std::make_shared<const std::vector<Image>>(std::move(kept));
  }
  return result;
}

/// The readable images of a folder, from memory where they fit.
Dataset without_damaged(const Dataset& dataset, const Preprocess& preprocess,
                        const ProgressCallback& progress) {
  const Decoded decoded = decode_all(dataset, preprocess, progress);
  const std::size_t damaged = decoded.problems.size();
  if (static_cast<double>(damaged) > most_damaged * static_cast<double>(dataset.size)) {
    throw InputError(dataset.name, "",
                     fmt::format("holds {} of {} images that cannot be used, the first: {}", damaged,
                                 dataset.size, decoded.problems.front()),
                     "at most 1 % may be damaged");
  }
  if (damaged > 0 && progress) {
    for (const std::string& problem : decoded.problems) {
      progress({"left out", 1, problem, true});
    }
    progress(
        {"left out", 1, fmt::format("{} of {} images of {}", damaged, dataset.size, dataset.name), true});
  }
  Dataset readable = select(dataset, decoded.readable);
  const auto original = readable.read;
  readable.read = [original, preprocess, kept = decoded.kept](std::size_t index) {
    return kept ? kept->at(index) : visible_part(original(index), preprocess);
  };
  return readable;
}

}  // namespace

bool has_channels_last(std::span<const int64_t> declared, int64_t channels, int64_t height, int64_t width) {
  const auto has = [&](int64_t a, int64_t b, int64_t c) {
    return declared.size() == 4 && allows(declared[1], a) && allows(declared[2], b) && allows(declared[3], c);
  };
  return has(height, width, channels) && !has(channels, height, width);
}

NetworkInputs prepare_inputs(const Dataset& dataset, const Preprocess& preprocess,
                             std::span<const int64_t> input_shape, const std::string& model,
                             const ProgressCallback& progress) {
  if (dataset.size == 0) {
    throw InputError(dataset.name, "", "holds no images", "name a data set with at least one");
  }
  Dataset parts = dataset.is_coded ? without_damaged(dataset, preprocess, progress) : dataset;
  if (!dataset.is_coded) {
    parts.read = [read = dataset.read, preprocess](std::size_t index) {
      return visible_part(read(index), preprocess);
    };
  }
  const PreprocessedImage first = network_values(parts.read(0), preprocess);
  check_input(Shape(input_shape.begin(), input_shape.end()), first, dataset.name, model);

  NetworkInputs inputs{parts.size,    first.channels, first.height,      first.width,
                       parts.classes, parts.labels,   parts.class_names, {}};
  inputs.load = [read = parts.read, preprocess, height = first.height, width = first.width](
                    std::size_t index, std::span<float> values) {
    const Image part = read(index);
    if (part.height != height || part.width != width) {
      throw InputError(part.name, "",
                       fmt::format("has {} x {} pixels after preprocessing, the first image {} x {}",
                                   part.width, part.height, width, height),
                       "set `crop` in the preprocessing");
    }
    const PreprocessedImage input = network_values(part, preprocess);
    ensure(values.size() == input.values.size(), "an input takes channels x height x width values");
    std::copy(input.values.begin(), input.values.end(), values.begin());
  };
  return inputs;
}

NetworkInputs select(const NetworkInputs& inputs, const std::vector<std::size_t>& indices) {
  NetworkInputs result = inputs;
  result.size = indices.size();
  result.labels.clear();
  for (const std::size_t index : indices) {
    ensure(index < inputs.size, "an image's index is below the data set's size");
    if (!inputs.labels.empty()) {
      result.labels.push_back(inputs.labels[index]);
    }
  }
  result.load = [load = inputs.load, indices](std::size_t index, std::span<float> values) {
    load(indices.at(index), values);
  };
  return result;
}

}  // namespace mj
