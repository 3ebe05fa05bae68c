#include "workflow/trial_results.h"

#include <algorithm>

namespace mj {

int64_t channels_gone(const GroupTrial& trial, int64_t channels, std::size_t removal) {
  const double share = removal == 0 ? 0 : tried_removals.at(removal - 1);
  const auto more = static_cast<int64_t>(share * static_cast<double>(channels - trial.unread));
  return std::min(trial.unread + more, channels - 1);
}

}  // namespace mj
