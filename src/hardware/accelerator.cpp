#include "hardware/accelerator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "hardware/embedded_data.h"

namespace mj {
namespace {

constexpr std::string_view accelerator_folder = "accelerators";

void check_name(const std::string& name_or_file) {
  std::error_code ignored;
  const bool looks_like_a_file = name_or_file.find_first_of("/.") != std::string::npos;
  if (!looks_like_a_file && !std::filesystem::exists(name_or_file, ignored)) {
    throw InputError(name_or_file, "", "is neither a built-in accelerator nor a file",
                     fmt::format("name one of {}, or a YAML file", fmt::join(preset_names(), ", ")));
  }
}

}  // namespace

std::string_view to_string(Format format) {
  switch (format) {
    case Format::raw:
      return "raw";
    case Format::run_length:
      return "run-length";
    case Format::bitmask:
      return "bitmask";
    case Format::compressed_columns:
      return "compressed-columns";
  }
  return "";
}

std::string_view to_string(Operand operand) {
  switch (operand) {
    case Operand::weights:
      return "weights";
    case Operand::inputs:
      return "inputs";
    case Operand::outputs:
      return "outputs";
  }
  return "";
}

std::vector<std::string> preset_names() {
  return embedded_names(accelerator_folder);
}

std::string preset_text(std::string_view name) {
  if (auto text = embedded_text(accelerator_folder, name)) {
    return *text;
  }
  throw InputError(std::string(name), "", "is no built-in accelerator",
                   fmt::format("known are {}", fmt::join(preset_names(), ", ")));
}

std::string accelerator_text(const std::string& name_or_file) {
  if (auto built_in = embedded_text(accelerator_folder, name_or_file)) {
    return *std::move(built_in);
  }
  check_name(name_or_file);
  return read_file(name_or_file);
}

Accelerator read_accelerator(const std::string& name_or_file) {
  const Document document = parse_document(accelerator_text(name_or_file), name_or_file);
  std::vector<Problem> problems;
  Accelerator accelerator = parse_accelerator(document, problems);
  throw_problems(name_or_file, problems);
  return accelerator;
}

}  // namespace mj
