#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "search/order_choice.h"
#include "search/ragged_space.h"
#include "search/search_key.h"

namespace mj {

/// Prices chains of a problem's ragged space.
class RaggedPrices {
 public:
  /// Both must outlive it.
  RaggedPrices(const NestProblem& problem, const RaggedSpace& space);

  const NestTerms& energy_terms() const { return terms_.front(); }
  const NestTerms& least_energy_terms() const { return least_; }
  /// Nest, energy, cycles and value; nullopt where no order can be.
  std::optional<NestOptimum> under_best_orders(const RaggedChain& chain);
  Key key_of_nest(const NestOptimum& optimum) const;
  /// No nest of the box is below.
  /// @param energy a bound of it
  Key least_key(const NestBox& box, double energy) const;

 private:
  double cycles_of(const LoopNest& nest, const std::vector<double>& prices) const;

  const NestProblem& problem_;
  const RaggedSpace& space_;
  std::vector<NestTerms> terms_;
  NestTerms least_;
  OrderChoice orders_;
  double least_transfer_ = 0;  ///< cycles in which each tensor passes memory once
  double instances_ = 1;       ///< of all stages
};

/// The two halves of a box along its widest range.
std::array<NestBox, 2> halves_of(const NestBox& box);

/// Visits chains of the space that differ from one in one dimension, not all of them, as long as visit(chain)
/// says to go on.
void for_each_change(const RaggedSpace& space, const RaggedChain& from, Dimension dimension,
                     const std::function<bool(const RaggedChain&)>& visit);

}  // namespace mj
