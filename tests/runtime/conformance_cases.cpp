#include "conformance_cases.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "onnx/element_storage.h"
#include "onnx/node_conversion.h"
#include "onnx/shape_arithmetic.h"
#include "onnx/tensor_values.h"
#include "runtime/executable_operators.h"
#include "tiny_network.h"

namespace {

namespace fs = std::filesystem;
using mj::Network;
using mj::Tensor;

const fs::path cases_folder = "/usr/share/libonnx-testdata/data";

const std::map<std::string_view, std::string_view> out_of_scope{
    {"test_cast_BFLOAT16_to_FLOAT", "the input's file holds the bits of bfloat16 as whole numbers"},
    {"test_cast_FLOAT_to_BFLOAT16", "the output's file holds the bits of bfloat16 as whole numbers"},
    {"test_castlike_BFLOAT16_to_FLOAT_expanded",
     "the input's file holds the bits of bfloat16 as whole numbers"},
    {"test_castlike_FLOAT_to_BFLOAT16_expanded",
     "the output's file holds the bits of bfloat16 as whole numbers"},
    {"test_training_dropout", "drops values at random"},
    {"test_training_dropout_default", "drops values at random"},
    {"test_training_dropout_default_mask", "drops values at random"},
    {"test_training_dropout_mask", "drops values at random"}};

std::optional<Tensor> read_tensor(const fs::path& file) {
  onnx::TensorProto proto;
  proto.ParseFromString(mj::read_file(file));
  return mj::decode_tensor(proto, file.string(), "value");
}

mj::ElementType element_type(const onnx::ValueInfoProto& value) {
  const auto* storage = mj::find_storage(value.type().tensor_type().elem_type());
  return storage == nullptr ? mj::ElementType::float32 : storage->type;
}

/// Only what Session::run needs.
Network network_of(const onnx::ModelProto& model, const fs::path& file) {
  Network network;
  network.file = file.string();
  for (const auto& set : model.opset_import()) {
    if (mj::normal_domain(set.domain()).empty()) {
      network.opset = set.version();
    }
  }
  for (const auto& proto : model.graph().initializer()) {
    network.constants[proto.name()] = mj::decode_tensor(proto, network.file, proto.name()).value();
  }
  for (const auto& input : model.graph().input()) {
    if (!network.constants.contains(input.name())) {
      mj::Shape shape;
      for (const auto& dimension : input.type().tensor_type().shape().dim()) {
        shape.push_back(dimension.dim_value() > 0 ? dimension.dim_value() : -1);
      }
      network.inputs.push_back({input.name(), shape, element_type(input)});
    }
  }
  for (const auto& output : model.graph().output()) {
    network.outputs.push_back({output.name(), {}, element_type(output)});
  }
  for (const auto& node : model.graph().node()) {
    network.nodes.push_back(mj::from_proto(node, network.file));
  }
  return network;
}

std::vector<Tensor> read_values(const fs::path& folder, const std::string& name, int count) {
  std::vector<Tensor> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(read_tensor(folder / fmt::format("{}_{}.pb", name, i)).value());
  }
  return values;
}

bool is_near(double actual, double expected) {
  return actual == expected || (std::isnan(actual) && std::isnan(expected)) ||
         std::abs(actual - expected) <= std::max(1e-6, 1e-4 * std::abs(expected));
}

/// What distinguishes the tensors; empty where nothing does.
std::string difference(const Tensor& actual, const Tensor& expected) {
  if (actual.shape != expected.shape || actual.floats.size() != expected.floats.size() ||
      actual.integers.size() != expected.integers.size()) {
    return fmt::format("{} instead of {}, or of another type", mj::to_string(actual.shape),
                       mj::to_string(expected.shape));
  }
  for (std::size_t i = 0; i < expected.floats.size(); ++i) {
    if (!is_near(actual.floats[i], expected.floats[i])) {
      return fmt::format("value {} is {} instead of {}", i, actual.floats[i], expected.floats[i]);
    }
  }
  return actual.integers == expected.integers ? "" : "whole numbers differ";
}

/// Why a case of these values is no test of a network of numbers; empty where it is.
std::string scope_of(const onnx::GraphProto& graph, const std::string& name) {
  if (const auto found = out_of_scope.find(name); found != out_of_scope.end()) {
    return std::string(found->second);
  }
  for (const auto* values : {&graph.input(), &graph.output()}) {
    for (const auto& value : *values) {
      if (!value.type().has_tensor_type()) {
        return "holds a sequence or an optional value";
      }
      if (mj::find_storage(value.type().tensor_type().elem_type()) == nullptr) {
        return "holds text or complex numbers";
      }
    }
  }
  return "";
}

/// What distinguishes the folding of a case's one node at load; empty where nothing does.
std::string folding_difference(const Network& network, const std::vector<Tensor>& inputs,
                               const Tensor& expected) {
  const mj::Fold fold = network.nodes.size() == 1 ? mj::find_fold(network.nodes[0]) : nullptr;
  if (fold == nullptr) {
    return "";
  }
  std::map<std::string, mj::SmallTensor> values;
  mj::FoldOperands operands;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (auto small = mj::to_small(inputs[i])) {
      values.emplace(network.inputs[i].name, std::move(*small));
    }
  }
  for (const auto& name : network.nodes[0].inputs) {
    const auto value = values.find(name);
    operands.values.push_back(value == values.end() ? nullptr : &value->second);
    operands.shapes.push_back(value == values.end() ? std::nullopt : std::optional(value->second.shape));
  }
  const auto folded = fold(network.nodes[0], operands);
  return folded ? difference(mj::to_tensor(*folded), expected) : "";
}

std::string run_case(const onnx::ModelProto& model, const fs::path& folder) {
  try {
    const Network network = network_of(model, folder / "model.onnx");
    const auto data = folder / "test_data_set_0";
    const auto inputs = read_values(data, "input", static_cast<int>(network.inputs.size()));
    const auto expected = read_values(data, "output", model.graph().output_size());
    const auto actual = mj::open_session(network, one_thread())->run(inputs);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (const auto text = difference(actual.at(i), expected[i]); !text.empty()) {
        return fmt::format("output {}: {}", i, text);
      }
    }
    const auto text = folding_difference(network, inputs, expected.at(0));
    return text.empty() ? "" : "folded: " + text;
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

bool has_conformance_cases() {
  return fs::exists(cases_folder);
}

std::vector<ConformanceCase> run_conformance_cases() {
  std::vector<ConformanceCase> cases;
  for (const auto* group : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    for (const auto& entry : fs::directory_iterator(cases_folder / group)) {
      onnx::ModelProto model;
      model.ParseFromString(mj::read_file(entry.path() / "model.onnx"));
      ConformanceCase found{entry.path().filename().string(), {}, {}, {}};
      bool is_known = true;
      for (const auto& node : model.graph().node()) {
        found.operators.insert(node.op_type());
        is_known = is_known && mj::is_executable({node.name(), node.op_type(), node.domain(), {}, {}, {}});
      }
      if (is_known) {
        found.out_of_scope = scope_of(model.graph(), found.name);
        found.failure = found.out_of_scope.empty() ? run_case(model, entry.path()) : "";
        cases.push_back(std::move(found));
      }
    }
  }
  std::sort(cases.begin(), cases.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return cases;
}
