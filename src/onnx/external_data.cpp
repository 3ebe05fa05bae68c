#include "onnx/external_data.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

#include "base/error.h"
#include "onnx/element_storage.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

/// Where a tensor's values are, as its external_data says.
struct Location {
  std::string file;
  int64_t offset = 0;
  std::optional<int64_t> length;
};

/// The model's file and its folder, links followed.
struct Origin {
  std::string model;
  fs::path folder;
};

[[noreturn]] void reject(const Origin& origin, const onnx::TensorProto& tensor, const std::string& problem,
                         const std::string& remedy) {
  throw InputError(origin.model, "tensor '" + tensor.name() + "'", problem, remedy);
}

int64_t parse_count(const Origin& origin, const onnx::TensorProto& tensor,
                    const onnx::StringStringEntryProto& entry) {
  int64_t value = -1;
  const char* end = entry.value().data() + entry.value().size();
  const auto [stop, error] = std::from_chars(entry.value().data(), end, value);
  if (error != std::errc() || stop != end || value < 0) {
    reject(origin, tensor, "has the external " + entry.key() + " '" + entry.value() + "'",
           "it must be a number of bytes");
  }
  return value;
}

Location read_location(const Origin& origin, const onnx::TensorProto& tensor) {
  Location location;
  for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") {
      location.file = entry.value();
    } else if (entry.key() == "offset") {
      location.offset = parse_count(origin, tensor, entry);
    } else if (entry.key() == "length") {
      location.length = parse_count(origin, tensor, entry);
    }
  }
  return location;
}

/// The file that holds the values; links are followed before it is compared with the model's folder.
fs::path resolve(const Origin& origin, const onnx::TensorProto& tensor, const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) {
    reject(origin, tensor, "keeps its values in a file without a name", "it must name a file");
  }
  const std::string problem = "keeps its values in '" + name + "', which is ";
  std::error_code error;
  fs::path file = fs::weakly_canonical(origin.folder / name, error);
  const auto [end, rest] =
      std::mismatch(origin.folder.begin(), origin.folder.end(), file.begin(), file.end());
  if (error || end != origin.folder.end()) {
    reject(origin, tensor, problem + "outside the model's folder", "it must lie beside the model");
  }
  if (!fs::is_regular_file(file, error)) {
    reject(origin, tensor, problem + "missing", "put that file beside the model");
  }
  return file;
}

/// What the tensor's shape needs; nullopt for types of unknown size.
std::optional<int64_t> needed_bytes(const Origin& origin, const onnx::TensorProto& tensor) {
  const Storage* storage = find_storage(tensor.data_type());
  if (storage == nullptr) {
    return std::nullopt;
  }
  Shape sizes = tensor_shape(tensor, origin.model, "tensor '" + tensor.name() + "'");
  sizes.push_back(static_cast<int64_t>(storage->bytes));
  return checked_element_count(sizes).value_or(std::numeric_limits<int64_t>::max());
}

std::string read_bytes(const Origin& origin, const onnx::TensorProto& tensor) {
  const Location location = read_location(origin, tensor);
  const fs::path file = resolve(origin, tensor, location.file);
  std::error_code error;
  const auto size = static_cast<int64_t>(fs::file_size(file, error));
  const int64_t held = std::max<int64_t>(0, size - location.offset);
  const int64_t length = needed_bytes(origin, tensor).value_or(location.length.value_or(held));
  if (location.length.value_or(length) != length) {
    reject(origin, tensor, "takes " + std::to_string(*location.length) + " bytes of '" + location.file + "'",
           "its shape needs " + std::to_string(length));
  }
  if (error || length > held) {
    reject(origin, tensor,
           "needs " + std::to_string(length) + " bytes of '" + location.file + "' from byte " +
               std::to_string(location.offset) + " on",
           "that file has " + std::to_string(size) + " bytes");
  }
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(location.offset);
  if (!stream.read(bytes.data(), static_cast<std::streamsize>(length))) {
    reject(origin, tensor, "keeps its values in '" + location.file + "', which cannot be read",
           "make that file readable");
  }
  return bytes;
}

void embed(const Origin& origin, onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    tensor.set_raw_data(read_bytes(origin, tensor));
    tensor.clear_data_location();
    tensor.clear_external_data();
  }
}

void embed(const Origin& origin, onnx::GraphProto& graph);

void embed(const Origin& origin, onnx::AttributeProto& attribute) {
  if (attribute.has_t()) {
    embed(origin, *attribute.mutable_t());
  }
  if (attribute.has_g()) {
    embed(origin, *attribute.mutable_g());
  }
  for (onnx::TensorProto& tensor : *attribute.mutable_tensors()) {
    embed(origin, tensor);
  }
  for (onnx::GraphProto& graph : *attribute.mutable_graphs()) {
    embed(origin, graph);
  }
}

void embed(const Origin& origin, onnx::GraphProto& graph) {
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    embed(origin, tensor);
  }
  for (onnx::SparseTensorProto& tensor : *graph.mutable_sparse_initializer()) {
    embed(origin, *tensor.mutable_values());
    embed(origin, *tensor.mutable_indices());
  }
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      embed(origin, attribute);
    }
  }
}

}  // namespace

void embed_external_data(onnx::ModelProto& model, const std::filesystem::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  embed({file.string(), fs::weakly_canonical(folder)}, *model.mutable_graph());
}

}  // namespace mj
