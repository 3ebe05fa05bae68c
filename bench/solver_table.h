#pragma once

namespace mj::bench {

/// Prints what every solver leaves of the held-out output of the synthetic layer at equal density after the
/// same refit, by how much that differs from the expected, and the processor time. Gives whether none leaves
/// over 5 % more than expected, and magnitude and Wanda not over 5 % less.
bool print_table();

}  // namespace mj::bench
