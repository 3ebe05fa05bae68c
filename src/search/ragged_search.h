#pragma once

#include <optional>

#include "search/search_nest.h"

namespace mj {

/// The same as search_nest over tiles of any size, counted exactly: from the best nest of divisors on, boxes
/// of nests are parted, the least bound first, until none can be better (docs/mapper.md, "Ragged tiles").
std::optional<NestOptimum> search_ragged(const NestProblem& problem, const NestSearchOptions& options);

}  // namespace mj
