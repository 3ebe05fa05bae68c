#pragma once

#include <string>

#include "workflow/prune_result.h"

namespace mj {

/// A table a layer, before against after, at most 110 columns wide; then totals, accuracy and notes.
std::string prune_text(const PruneResult& result);

/// JSON, schema "millijoule.prune/1"; what is not finite or not known is null.
std::string prune_json(const PruneResult& result);

}  // namespace mj
