#pragma once

#include "search/ragged_space.h"

namespace mj {

/// Bounds from below on what the nests of a box cost, counted exactly (docs/mapper.md, "Ragged tiles").
class RaggedBounds {
 public:
  /// All must outlive it.
  /// @param terms prices, some of which may be negative
  /// @param least at most as much, without negative prices
  RaggedBounds(const RaggedSpace& space, const NestTerms& terms, const NestTerms& least);

  double of(const NestBox& box) const;

 private:
  /// How often words pass a boundary, in one way of counting it: asked for by stage `outer`, or arriving at
  /// each instance where that is the inner stage itself.
  struct Way {
    std::size_t outer = 0;
    std::size_t inner = 0;
    bool always_shared = false;  ///< whether or not instances share on the way
  };

  bool is_shared(const Way& way, std::size_t spread, Operand operand) const;
  int64_t covered_at_once(const NestBox& box, const Way& way, Operand operand, Dimension dimension) const;
  double times_each(const NestBox& box, const Way& way, Operand operand, Dimension dimension) const;
  double times_reused(const NestBox& box, const Way& way, Operand operand, Dimension dimension) const;
  double times_once(const NestBox& box, const Way& way, Operand operand) const;
  double words_of_class(const NestBox& box, const Way& way, Operand operand,
                        std::optional<Dimension> innermost) const;
  double inputs_of_class(const NestBox& box, const Way& way, std::optional<Dimension> innermost) const;
  double rows_each(const NestBox& box, const Way& way, std::size_t axis) const;
  double rows_sliding(const NestBox& box, const Way& way, Dimension dimension) const;
  double least_sliding(const NestBox& box, const Way& way, Dimension innermost) const;
  std::optional<double> least_after_kernels(const NestBox& box, const Way& way) const;
  double most_visits(const NestBox& box, const Way& way, Dimension dimension) const;
  double of_move(const NestBox& box, const MoveTerm& move, std::size_t inner,
                 std::optional<Dimension> innermost) const;
  double of_negative(const NestBox& box, const MoveTerm& move, std::size_t inner, double visits) const;
  double of_macs(const NestBox& box, const NestTerms& terms) const;
  double of_terms(const NestBox& box, const NestTerms& terms) const;
  double mac_inputs(const NestBox& box, const Way& way) const;

  const RaggedSpace& space_;
  const NestTerms& terms_;
  const NestTerms& least_;
  PerOperand<double> words_;  ///< of the layer, holes left out
};

}  // namespace mj
