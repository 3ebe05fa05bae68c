#include "runtime/torch/model.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/threads.h"
#include "runtime/classifier.h"

namespace mj {
namespace {

/// A pass whose largest map takes 4 MB, so that most maps stay in a core's cache; more images
/// where there are so many weights that reading them would take longer than the work on a few images.
int64_t choose_pass_size(const Network& network) {
  constexpr int64_t map_elements = int64_t{1} << 20;
  constexpr int64_t weights_for_element = 8;
  int64_t largest = 1;
  int64_t weights = 0;
  for (const MacLayer& layer : network.layers) {
    largest = std::max({largest, input_count(layer.shape), output_count(layer.shape)});
    weights += layer.layout == WeightLayout::none ? 0 : weight_count(layer.shape);
  }
  return std::clamp<int64_t>(std::max(map_elements, weights / weights_for_element) / largest, 1, 128);
}

Network without_constants(const Network& network) {
  Network result;
  result.name = network.name;
  result.file = network.file;
  result.opset = network.opset;
  result.inputs = network.inputs;
  result.outputs = network.outputs;
  result.nodes = network.nodes;
  result.layers = network.layers;
  return result;
}

/// The input's sizes for so many images; empty where they do not fit.
std::vector<int64_t> input_sizes(const Shape& declared, const NetworkInputs& inputs, int64_t images) {
  const std::vector<int64_t> image{inputs.channels, inputs.height, inputs.width};
  const int64_t elements = inputs.channels * inputs.height * inputs.width;
  const auto fits = [](int64_t wanted, int64_t there) { return wanted < 0 || wanted == there; };
  if (declared.empty() || has_channels_last(declared, inputs.channels, inputs.height, inputs.width) ||
      (declared.size() == 4 && std::equal(declared.begin() + 1, declared.end(), image.begin(), fits))) {
    return {images, inputs.channels, inputs.height, inputs.width};
  }
  if (declared.size() == 2 && fits(declared[1], elements)) {
    return {images, elements};
  }
  Shape sizes = declared;
  sizes[0] = 1;
  if (inputs.channels == 1 && checked_element_count(sizes) == elements) {
    sizes[0] = images;
    return sizes;
  }
  return {};
}

}  // namespace

Model make_model(const Network& network, const RuntimeOptions& options) {
  if (network.outputs.empty()) {
    throw InputError(network.file, "", "has no outputs", "a network must have one");
  }
  Model model;
  model.graph = build_graph(network);
  model.network = without_constants(network);
  model.feature_maps = find_feature_maps(network);
  model.threads = options.threads > 0 ? options.threads : available_threads();
  model.pass_size = options.pass_size > 0 ? options.pass_size : choose_pass_size(network);
  return model;
}

Slot find_slot(const Model& model, const std::string& value) {
  const auto found = model.graph.slots.find(value);
  ensure(found != model.graph.slots.end(), "a layer's values are in its graph");
  return found->second;
}

Slot output_slot(const Model& model) {
  return model.graph.outputs.at(0);
}

Slot logits_slot(const Model& model) {
  return find_slot(model, find_logits(model.network));
}

Slot layer_output_slot(const Model& model, const MacLayer& layer) {
  if (layer.op == "MatMul" && !layer.bias.empty()) {
    for (const Node& node : model.network.nodes) {
      const auto reads = [&](const std::string& value) {
        return std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
      };
      if (node.op == "Add" && reads(layer.output) && reads(layer.bias)) {
        return find_slot(model, node.outputs.at(0));
      }
    }
  }
  return find_slot(model, layer.output);
}

void use_threads(int threads) {
  // at::set_num_threads would also make XNNPACK's pool of threads anew, which then spin for 50 ms; nothing
  // here uses it. What it sets else is OpenMP's, for the calling thread, once libtorch has set its default
  // there.
  at::get_num_threads();
  for (const char* name : {"omp_set_num_threads", "openblas_set_num_threads"}) {
    using Setter = void (*)(int);
    if (void* setter = dlsym(RTLD_DEFAULT, name)) {
      reinterpret_cast<Setter>(setter)(threads);
    }
  }
}

std::size_t layer_step(const Model& model, const MacLayer& layer) {
  const Slot output = find_slot(model, layer.output);
  const auto& steps = model.graph.steps;
  const auto gives = [&](const Step& step) {
    return std::find(step.outputs.begin(), step.outputs.end(), output) != step.outputs.end();
  };
  return static_cast<std::size_t>(std::find_if(steps.begin(), steps.end(), gives) - steps.begin());
}

void check_inputs(const Model& model, const PassStart& start) {
  const Network& network = model.network;
  for (const MacLayer& layer : network.layers) {
    const auto is_weights = [&](const Value& value) {
      return value.name == layer.weights && value.name != layer.input;
    };
    if (layer.layout != WeightLayout::none &&
        std::any_of(network.inputs.begin(), network.inputs.end(), is_weights)) {
      throw InputError(network.file, fmt::format("layer '{}'", layer.name),
                       fmt::format("has no values for '{}'", layer.weights),
                       "the model must contain its weights to be executed");
    }
  }
  if (network.inputs.size() != 1) {
    throw InputError(network.file, "", fmt::format("has {} data inputs", network.inputs.size()),
                     "must have one, the images");
  }
  if (start.images() == 0) {
    throw InputError(network.file, "", "is given no images", "give at least one");
  }
}

at::Tensor input_tensor(const Model& model, const NetworkInputs& inputs, std::size_t images,
                        std::span<const float> values) {
  const Value& input = model.network.inputs.at(0);
  const auto sizes = input_sizes(input.shape, inputs, static_cast<int64_t>(images));
  if (sizes.empty()) {
    throw InputError(model.network.file, fmt::format("input '{}'", input.name),
                     fmt::format("has the shape {} and is given images of {}", to_string(input.shape),
                                 to_string({inputs.channels, inputs.height, inputs.width})),
                     "the images must have the input's shape");
  }
  const auto tensor = at::from_blob(const_cast<float*>(values.data()), sizes);
  if (has_channels_last(input.shape, inputs.channels, inputs.height, inputs.width)) {
    return tensor.permute({0, 2, 3, 1}).contiguous();
  }
  return sizes.size() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor;
}

at::Tensor as_rows(const Model& model, const at::Tensor& value, std::size_t images) {
  const auto rows = static_cast<int64_t>(images);
  if (value.numel() == 0 || value.numel() % rows != 0) {
    throw InputError(model.network.file, "",
                     fmt::format("gives {} for {} images", to_string(value.sizes().vec()), rows),
                     "must give as many values for each image");
  }
  return value.reshape({rows, -1}).to(at::kFloat).contiguous();
}

namespace {

/// Runs passes side by side and reports on them.
class PassRunner {
 public:
  PassRunner(const Model& model, std::size_t images, const std::string& stage,
             const ProgressCallback& progress, const std::stop_token& stop, const PassWork& work)
      : model_(model), images_(images), stage_(stage), progress_(progress), stop_(stop), work_(work) {}

  void run(std::size_t passes, const std::function<Pass(std::size_t number)>& make_pass) {
    parallel_for(passes, model_.threads, [&](std::size_t number) {
      if (stop_.stop_requested()) {
        throw Interrupted();
      }
      use_threads(1);
      const Pass pass = make_pass(number);
      const auto detail = work_(pass);
      const std::scoped_lock lock(guard_);
      done_ += pass.indices.size();
      if (progress_) {
        progress_({stage_, static_cast<double>(done_) / static_cast<double>(images_), detail, false});
      }
    });
  }

 private:
  const Model& model_;
  std::size_t images_;
  const std::string& stage_;
  const ProgressCallback& progress_;
  const std::stop_token& stop_;
  const PassWork& work_;
  std::mutex guard_;
  std::size_t done_ = 0;
};

void run_kept(const KeptPasses& kept, PassRunner& runner) {
  for (std::size_t first = 0; first < kept.passes.size(); first += passes_in_batch) {
    runner.run(std::min(passes_in_batch, kept.passes.size() - first), [&](std::size_t number) {
      const KeptPasses::Values& values = kept.passes[first + number];
      return Pass{number, values.indices, values.given};
    });
  }
}

void run_images(const Model& model, const NetworkInputs& inputs, PassRunner& runner) {
  const auto pass_size = static_cast<std::size_t>(model.pass_size);
  const auto image_size = static_cast<std::size_t>(inputs.channels * inputs.height * inputs.width);
  BatchLoader loader(inputs, in_order(inputs.size), model.pass_size * static_cast<int64_t>(passes_in_batch),
                     model.threads);
  while (const Batch* batch = loader.next()) {
    const std::size_t images = batch->indices.size();
    runner.run((images + pass_size - 1) / pass_size, [&](std::size_t number) {
      const std::size_t first = number * pass_size;
      const std::size_t count = std::min(pass_size, images - first);
      const auto values = std::span(batch->values).subspan(first * image_size, count * image_size);
      return Pass{number,
                  std::span(batch->indices).subspan(first, count),
                  {{model.graph.inputs.at(0), input_tensor(model, inputs, count, values)}}};
    });
  }
}

}  // namespace

void for_each_pass(const Model& model, const PassStart& start, const std::string& stage,
                   const ProgressCallback& progress, const std::stop_token& stop, const PassWork& work) {
  PassRunner runner(model, start.images(), stage, progress, stop, work);
  if (start.kept() != nullptr) {
    run_kept(*start.kept(), runner);
  } else {
    run_images(model, *start.inputs(), runner);
  }
  use_threads(model.threads);
}

}  // namespace mj
