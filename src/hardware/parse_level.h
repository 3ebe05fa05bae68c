#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "hardware/accelerator.h"
#include "hardware/technology.h"

namespace mj {

/// "weights", "inputs" or "outputs"; nullopt, and a problem, for anything else.
std::optional<Operand> parse_operand(const Document& scalar, std::vector<Problem>& problems);

/// A value where one of several words is wanted: "is 'x'", "is a list".
std::string quoted(const Document& value);

/// The items of a list; a scalar stands for a list of one. Anything else is a problem.
std::vector<Document> list_items(const Document& value, std::vector<Problem>& problems);

/// One entry of `levels`.
Level parse_level(const Document& document, const CostScale& scale, std::vector<Problem>& problems);

}  // namespace mj
