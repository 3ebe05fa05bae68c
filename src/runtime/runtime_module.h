#pragma once

#include <filesystem>
#include <vector>

namespace mj {

/// Where the runtime module may be for a library or program in `folder`: beside it, or where `cmake
/// --install` puts it.
std::vector<std::filesystem::path> runtime_module_places(const std::filesystem::path& folder);

/// The first of `places` that is there. Throws InputError that names them all where none is.
std::filesystem::path find_runtime_module(const std::vector<std::filesystem::path>& places);

}  // namespace mj
