#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "onnx/model_bytes.h"
#include "onnx/onnx_file.h"
#include "onnx/rule_types.h"
#include "onnx/shape_inference.h"

namespace mj {
namespace {

/// The first size that all data inputs declare; 0 where they differ or leave it free.
int64_t declared_batch(const Network& network) {
  int64_t batch = 0;
  for (const Value& input : network.inputs) {
    const int64_t first = input.shape.empty() ? 0 : std::max<int64_t>(0, input.shape.front());
    if (first == 0 || (batch != 0 && batch != first)) {
      return 0;
    }
    batch = first;
  }
  return batch;
}

/// `batch` in place of a first size that is free or the declared batch.
Shape for_batch(Shape shape, int64_t declared, int64_t batch) {
  if (!shape.empty() && (shape.front() < 0 || shape.front() == declared)) {
    shape.front() = batch;
  }
  return shape;
}

/// What the file says of values that no rule knows.
Shapes declared_shapes(const Network& network) {
  Shapes shapes;
  if (network.envelope.empty()) {
    return shapes;
  }
  const onnx::ModelProto model = parse_envelope(network.envelope);
  const auto add = [&](const onnx::ValueInfoProto& value) {
    if (value.type().tensor_type().has_shape()) {
      Shape shape;
      for (const auto& dimension : value.type().tensor_type().shape().dim()) {
        shape.push_back(dimension.dim_value() > 0 ? dimension.dim_value() : -1);
      }
      shapes.emplace(value.name(), std::move(shape));
    }
  };
  std::for_each(model.graph().value_info().begin(), model.graph().value_info().end(), add);
  std::for_each(model.graph().output().begin(), model.graph().output().end(), add);
  return shapes;
}

/// Shapes that nothing in the graph gives and that must be kept: of weights without values.
Shapes missing_weights(const Network& network) {
  std::unordered_set<std::string_view> given;
  for (const Value& input : network.inputs) {
    given.insert(input.name);
  }
  for (const Node& node : network.nodes) {
    given.insert(node.outputs.begin(), node.outputs.end());
  }
  Shapes kept;
  for (const auto& [name, shape] : network.shapes) {
    if (!given.contains(name) && !network.constants.contains(name)) {
      kept.emplace(name, shape);
    }
  }
  return kept;
}

/// A target shape that was written for another batch shows here.
void check_reshapes(const Network& network) {
  for (const Node& node : network.nodes) {
    if (node.op != "Reshape" || !node.domain.empty() || node.inputs.empty() || node.outputs.empty()) {
      continue;
    }
    const Shape* before = find_shape(network, node.inputs[0]);
    const Shape* after = find_shape(network, node.outputs[0]);
    const auto is_known = [](const Shape* shape) {
      return shape != nullptr && checked_element_count(*shape).has_value();
    };
    if (is_known(before) && is_known(after) && element_count(*before) != element_count(*after)) {
      throw InputError(network.file, place_of(node),
                       "turns " + to_string(*before) + " into " + to_string(*after),
                       "both must have as many elements");
    }
  }
}

/// Layers of a graph that is made for `batch` images, seen for one.
void divide_by_batch(std::vector<MacLayer>& layers, int64_t batch) {
  const bool is_divisible =
      batch > 1 && std::all_of(layers.begin(), layers.end(),
                               [&](const MacLayer& layer) { return layer.shape.n % batch == 0; });
  if (is_divisible) {
    for (MacLayer& layer : layers) {
      layer.shape.n /= batch;
    }
  }
}

void infer(Network& network, UnknownOperators unknown) {
  const int64_t batch = declared_batch(network);
  const Shapes kept = missing_weights(network);
  const Shapes declared = declared_shapes(network);
  const auto trace = [&](bool for_one_image) {
    Shapes given = kept;
    for (const Value& input : network.inputs) {
      if (!input.shape.empty()) {
        Shape& shape = given[input.name] = input.shape;
        shape.front() = for_one_image || shape.front() < 0 ? 1 : shape.front();
      }
    }
    Shapes hints;
    for (const auto& [name, shape] : declared) {
      hints.emplace(name, for_batch(shape, batch, for_one_image ? 1 : std::max<int64_t>(1, batch)));
    }
    network.shapes = trace_shapes(network, given, hints, unknown);
    check_reshapes(network);
    find_mac_layers(network);
  };
  const bool has_own_batch =
      std::any_of(network.inputs.begin(), network.inputs.end(),
                  [](const Value& input) { return !input.shape.empty() && input.shape.front() > 1; });
  if (!has_own_batch) {
    trace(true);
    return;
  }
  try {
    trace(true);
  } catch (const InputError&) {
    trace(false);
    divide_by_batch(network.layers, batch);
  }
}

}  // namespace

void infer_shapes(Network& network) {
  try {
    infer(network, UnknownOperators::give_unknown_shapes);
  } catch (const InputError&) {
    if (std::all_of(network.nodes.begin(), network.nodes.end(),
                    [&](const Node& node) { return has_rule(network, node); })) {
      throw;
    }
    const std::exception_ptr problem = std::current_exception();
    try {
      infer(network, UnknownOperators::keep_shapes);
    } catch (const InputError&) {
      std::rethrow_exception(problem);
    }
  }
}

}  // namespace mj
