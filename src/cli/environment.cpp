#include "cli/environment.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace mj::cli {
namespace {

/// OpenBLAS falls back to kernels without AVX for a processor that is newer than itself.
bool runs_fallback_kernels() {
  using NameFunction = char* (*)();
  const auto name = reinterpret_cast<NameFunction>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name != nullptr && std::string_view(name()) == "Prescott";
}

/// OpenBLAS's name for the best kernels that this processor can run; nullptr where its own choice is as good.
const char* kernels_for_processor() {
  if (!runs_fallback_kernels()) {
    return nullptr;
  }
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    return "Haswell";
  }
#endif
  return nullptr;
}

bool set_if_unset(const char* name, const char* value) {
  return value != nullptr && std::getenv(name) == nullptr && setenv(name, value, 0) == 0;
}

}  // namespace

bool computes_much(char** argv) {
  for (char** argument = argv + 1; *argument != nullptr; ++argument) {
    const std::string_view text = *argument;
    if (text == "prune" || text == "eval" || text == "--data") {
      return true;
    }
  }
  return false;
}

void choose_math_kernels(char** argv) {
  const bool kernels = set_if_unset("OPENBLAS_CORETYPE", kernels_for_processor());
  const bool waiting = set_if_unset("OMP_WAIT_POLICY", "passive");
  if (kernels || waiting) {
    // By its real name, which process lists show. Where this fails the program just goes on more slowly.
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
      execv(program.c_str(), argv);
    }
  }
}

}  // namespace mj::cli
