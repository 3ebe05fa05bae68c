#pragma once

namespace mj::bench {

/// Prints what every solver, each filter keeping its own share, leaves of the held-out output of synthetic
/// layers after the same refit, by how much that differs from the expected, and the processor time. Gives
/// whether none differs by more than 5 %, either way.
bool print_table();

}  // namespace mj::bench
