#pragma once

#include <optional>

#include "energy/access_counts.h"
#include "energy/workload.h"
#include "hardware/accelerator.h"

namespace mj {

/// The legal mapping of least energy; among equals (to 1e-12) the one smallest in (m, n, e, p, q, r, t). The
/// search is exhaustive: e, q and r are enumerated, of those with the same number of rounds the smallest,
/// which dominates; n by the intervals in which the energy is convex; m, p and t in closed form, as they can
/// only lower the energy while they grow. Throws InputError, naming level and words, where nothing fits.
RowStationaryMapping search_mapping(const Workload& workload, const Accelerator& accelerator);

}  // namespace mj
