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

/// What may be kept of one set of images between two layers: 0.7 bytes for each MAC of a pass over an image,
/// no less than 200 MB and no more than a sixteenth of the machine's memory or what the job's bound leaves.
/// Throws InputError where the bound is below what the run needs.
std::size_t most_kept_bytes(const PruneJob& job, std::size_t images);

}  // namespace mj
