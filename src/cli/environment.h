#pragma once

namespace mj::cli {

/// Whether a command line of mj is one of those that compute much.
bool computes_much(char** argv);

/// Starts the program anew with settings that numerical libraries read only when they are loaded: OpenBLAS's
/// kernels where it does not know the processor and falls back to its slowest ones, and threads that sleep
/// while they wait. Settings that the user made stay. Returns where nothing has to change.
void choose_math_kernels(char** argv);

}  // namespace mj::cli
