#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "mapping/nest_text.h"
#include "mapping/row_stationary.h"

namespace mj {

/// A user's mapping file: mappings by the layer's name, or by its index as text (MAC layers counted from 1).
struct MappingFile {
  std::string file;
  std::string accelerator;
  std::map<std::string, RowStationaryMapping> layers;
  std::map<std::string, NamedNest> nests;  ///< of layers that are given as loop nests
};

/// Throws InputError with every problem found.
MappingFile read_mapping_file(const std::filesystem::path& file);

/// The same format, written.
std::string mapping_file_text(const MappingFile& mappings);

}  // namespace mj
