#include "onnx/model_bytes.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>
#include <system_error>

#include "base/error.h"
#include "base/files.h"

namespace mj {
namespace {

/// Protobuf's limit: 2^31 - 1 bytes.
constexpr auto largest_model = static_cast<std::size_t>(std::numeric_limits<int>::max());

bool parse(const std::string& bytes, onnx::ModelProto& model) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  return model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

void check_size(std::size_t size, const std::string& file) {
  if (size > largest_model) {
    throw InputError(file, "", "has " + std::to_string(size) + " bytes",
                     "an ONNX file must be below 2 GB; keep weights in external data");
  }
}

}  // namespace

onnx::ModelProto parse_model(const std::filesystem::path& file) {
  const auto check = [&](bool holds, const std::string& reason) {
    if (!holds) {
      throw InputError(file.string(), "", "is not an ONNX model (" + reason + ")", "name an ONNX file");
    }
  };
  std::error_code unknown;
  const auto size = std::filesystem::file_size(file, unknown);
  check_size(unknown ? 0 : size, file.string());
  const std::string bytes = read_file(file);
  check_size(bytes.size(), file.string());
  check(!bytes.empty(), "it is empty");
  onnx::ModelProto model;
  check(parse(bytes, model), "its bytes are no protobuf message or are cut short");
  check(model.has_graph(), "it holds no graph");
  check(model.graph().node_size() > 0, "its graph has no nodes");
  check(model.opset_import_size() > 0, "it names no operator set");
  return model;
}

onnx::ModelProto parse_envelope(const std::string& bytes) {
  onnx::ModelProto model;
  ensure(bytes.size() <= largest_model && parse(bytes, model), "a network's envelope is damaged");
  return model;
}

std::string serialize(const onnx::ModelProto& model, const std::string& file) {
  const std::size_t size = model.ByteSizeLong();
  if (size > largest_model) {
    throw InputError(file, "", "would take " + std::to_string(size) + " bytes as one ONNX file",
                     "an ONNX file must be below 2 GB");
  }
  std::string bytes;
  bytes.reserve(size);
  {
    google::protobuf::io::StringOutputStream sink(&bytes);
    google::protobuf::io::CodedOutputStream stream(&sink);
    stream.SetSerializationDeterministic(true);
    ensure(model.SerializeToCodedStream(&stream), "a model cannot be serialized");
  }
  return bytes;
}

}  // namespace mj
