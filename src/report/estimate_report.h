#pragma once

#include <string>
#include <vector>

#include "search/estimate.h"
#include "search/levers.h"

namespace mj {

/// The estimate as a table a layer, per image, at most 110 columns wide; then totals, levels, what costs
/// most, what would move it, and notes.
std::string estimate_text(const Estimate& estimate, const std::vector<Lever>& levers = {});

/// The estimate as JSON, schema "millijoule.estimate/1". Energies are per image, counts for the whole batch;
/// what is not finite or not known is null.
std::string estimate_json(const Estimate& estimate, const std::vector<Lever>& levers = {});

/// The same figures as CSV (RFC 4180): a header line, then a line a layer. What is not known is left empty.
std::string estimate_csv(const Estimate& estimate);

}  // namespace mj
