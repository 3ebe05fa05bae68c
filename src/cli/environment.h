#pragma once

namespace mj::cli {

/// Starts the program anew with settings that numerical libraries read only when they are loaded: OpenBLAS's
/// kernels where it does not know the processor and falls back to its slowest ones, and threads that sleep
/// while they wait. Settings that the user made stay. Does nothing for commands that compute little, and
/// returns where nothing has to change.
void choose_math_kernels(char** argv);

}  // namespace mj::cli
