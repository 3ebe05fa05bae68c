#include "workflow/state_fields.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"

namespace mj {
namespace {

constexpr std::string_view last_key = "fingerprint: ";

}  // namespace

std::string sealed(const std::string& text) {
  return fmt::format("{}{}{:016x}\n", text, last_key, fingerprint(text));
}

std::string read_sealed(const std::filesystem::path& file) {
  const std::string whole = read_file(file);
  std::string text = whole.substr(0, whole.rfind(last_key));
  if (whole != sealed(text)) {
    throw InputError(file.string(), "", "is not as it was written: it is cut off or was changed",
                     "start the run again in a new folder");
  }
  return text;
}

std::string optional_text(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "none";
}

std::optional<double> optional_number(FieldReader& reader, std::string_view key) {
  return reader.text(key) == "none" ? std::nullopt : std::optional(reader.required_number(key, 0));
}

}  // namespace mj
