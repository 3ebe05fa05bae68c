#include "runtime/runtime_module.h"

#include <dlfcn.h>

#include <memory>
#include <string>
#include <system_error>

#include "base/error.h"
#include "runtime/runtime.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

using SessionOpener = Session* (*)(const Network&, const RuntimeOptions&);

/// Stands in libmillijoule, or in the program where that is linked statically.
fs::path library_folder() {
  Dl_info here{};
  if (dladdr(reinterpret_cast<const void*>(&runtime_module_places), &here) == 0 ||
      here.dli_fname == nullptr) {
    return {};
  }
  std::error_code failure;
  const auto file = fs::canonical(here.dli_fname, failure);
  return failure ? fs::path() : file.parent_path();
}

fs::path program_folder() {
  std::error_code failure;
  const auto file = fs::read_symlink("/proc/self/exe", failure);
  return failure ? fs::path() : file.parent_path();
}

std::vector<fs::path> all_places() {
  std::vector<fs::path> places;
  for (const auto& folder : {library_folder(), program_folder()}) {
    if (!folder.empty()) {
      const auto more = runtime_module_places(folder);
      places.insert(places.end(), more.begin(), more.end());
    }
  }
  return places;
}

std::string loader_message() {
  const char* message = dlerror();
  return message == nullptr ? "for an unknown reason" : message;
}

/// The module stays loaded: libtorch does not survive being unloaded.
SessionOpener load_opener(const fs::path& module) {
  void* handle = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    throw InputError(module, "", "cannot be loaded (" + loader_message() + ")", "install libtorch");
  }
  void* symbol = dlsym(handle, "mj_open_torch_session");
  if (symbol == nullptr) {
    throw InputError(module, "", "is no runtime module of Millijoule (" + loader_message() + ")",
                     "install Millijoule again");
  }
  return reinterpret_cast<SessionOpener>(symbol);
}

}  // namespace

std::vector<fs::path> runtime_module_places(const fs::path& folder) {
  const fs::path name = "millijoule_runtime.so";
  return {folder / name, (folder / "../libexec/millijoule" / name).lexically_normal(),
          (folder / "../lib/millijoule" / name).lexically_normal()};
}

fs::path find_runtime_module(const std::vector<fs::path>& places) {
  std::string tried;
  for (const auto& place : places) {
    std::error_code failure;
    if (fs::is_regular_file(place, failure)) {
      return place;
    }
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  throw InputError("millijoule_runtime.so", "", "is not there (looked for " + tried + ")",
                   "install Millijoule again");
}

std::unique_ptr<Session> open_session(const Network& network, const RuntimeOptions& options) {
  const auto open = load_opener(find_runtime_module(all_places()));
  return std::unique_ptr<Session>(open(network, options));
}

}  // namespace mj
