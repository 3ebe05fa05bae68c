#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mj {

/// A YAML file of data/ that was compiled in.
struct EmbeddedFile {
  std::string_view folder;  ///< "accelerators" or "technologies"
  std::string_view name;    ///< without ".yaml"
  std::string_view text;
};

std::vector<EmbeddedFile> embedded_files();

/// Names of a folder's files, sorted.
std::vector<std::string> embedded_names(std::string_view folder);
/// The file's text; nullopt where there is none.
std::optional<std::string> embedded_text(std::string_view folder, std::string_view name);

}  // namespace mj
