#pragma once

#include <cstddef>
#include <string>

#include "workflow/prune_network.h"

namespace mj {

/// What a run takes at its peak, without maps that it keeps to save time. An upper estimate.
struct MemoryNeed {
  double bytes = 0;
  std::string layer;  ///< whose refit needs most
};

/// @param images that layers are sampled on
MemoryNeed memory_needed(const PruneJob& job, std::size_t images);

/// What may be kept of one set of images between two layers: 200 MB, and 1.3 bytes for each MAC beyond 0.9e9
/// of a pass over an image, but beyond 200 MB no more than a sixteenth of the machine's memory; and no more
/// than what the job's bound leaves.
/// Throws InputError where the bound is below what the run needs.
std::size_t most_kept_bytes(const PruneJob& job, std::size_t images);

}  // namespace mj
