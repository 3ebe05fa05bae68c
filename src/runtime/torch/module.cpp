#include <malloc.h>

#include "runtime/torch/torch_session.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif

namespace {

/// Blocks that were freed stay with the process: otherwise every large map is fetched from the system anew,
/// page by page. Those of 32 MB (the most that mallopt takes) or more do not: Gram matrices of large layers
/// would leave holes.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
}

}  // namespace

/// The module's one entrance; runtime_module.cpp looks it up by name. The caller owns the session.
extern "C" __attribute__((visibility("default"))) mj::Session* mj_open_torch_session(
    const mj::Network& network, const mj::RuntimeOptions& options) {
  keep_freed_memory();
  return new mj::TorchSession(network, options);
}
