#include "hardware/embedded_data.h"

#include <algorithm>

namespace mj {

std::vector<std::string> embedded_names(std::string_view folder) {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.folder == folder) {
      names.emplace_back(file.name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> embedded_text(std::string_view folder, std::string_view name) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.folder == folder && file.name == name) {
      return std::string(file.text);
    }
  }
  return std::nullopt;
}

}  // namespace mj
