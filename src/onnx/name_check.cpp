#include "onnx/name_check.h"

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace mj {
namespace {

/// The bytes of the character that begins with `lead` (RFC 3629); 0 where none does.
std::size_t character_length(unsigned char lead) {
  const auto ones = static_cast<std::size_t>(std::countl_one(lead));
  if (ones == 0) {
    return 1;
  }
  return ones >= 2 && ones <= 4 ? ones : 0;
}

/// Also rejects what is longer than need be, surrogates, and what is beyond U+10FFFF.
bool is_utf8(std::string_view text) {
  constexpr std::array<uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = character_length(lead);
    if (length == 0 || length > text.size()) {
      return false;
    }
    uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte & 0xC0U) != 0x80U) {
        return false;
      }
      code = (code << 6) | (byte & 0x3FU);
    }
    if (code < least.at(length) || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

void check_names(const onnx::GraphProto& graph, const std::string& file) {
  const auto check = [&](const std::string& name, const char* kind) {
    if (!is_utf8(name)) {
      throw InputError(file, "", std::string("has a name of ") + kind + " that is no text",
                       "names must be UTF-8");
    }
  };
  check(graph.name(), "a graph");
  for (const onnx::NodeProto& node : graph.node()) {
    check(node.name(), "a node");
    check(node.op_type(), "an operator");
    check(node.domain(), "a domain");
    for (const std::string& output : node.output()) {
      check(output, "a value");
    }
  }
  for (const onnx::ValueInfoProto& input : graph.input()) {
    check(input.name(), "an input");
  }
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    check(tensor.name(), "an initializer");
  }
}

}  // namespace mj
