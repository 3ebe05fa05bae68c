#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/estimate.h"

namespace mj {

/// A network on an accelerator.
struct Candidate {
  Estimate estimate;
  std::optional<double> top1, top5;  ///< fractions
};

/// A column a candidate, five columns beside each other; energies relative to the first. Then notes, once
/// each.
std::string compare_text(const std::vector<Candidate>& candidates);

/// JSON, schema "millijoule.compare/1": an entry a candidate, energies and counts per inference, memory
/// traffic in bytes; what is not known is null.
std::string compare_json(const std::vector<Candidate>& candidates);

}  // namespace mj
