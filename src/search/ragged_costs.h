#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "energy/ragged_boundary.h"
#include "search/nest_terms.h"
#include "search/step_costs.h"

namespace mj {

/// The part of a tile that the instances of the next stage hold at once: each a whole tile of its own, but
/// the last.
Extents covered(const Extents& tile, const Extents& spread, const Extents& inner);

/// What the steps cost where tiles have any size, counted exactly.
class RaggedCosts : public StepCosts {
 public:
  /// `shape` and `levels` must outlive it.
  RaggedCosts(const LayerShape& shape, const std::vector<Level>& levels,
              const std::vector<const NestTerms*>& terms);

  void prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) override;
  std::vector<double> fixed_prices() override;
  void add_step(std::size_t stage, std::size_t loop, unsigned inside,
                const std::vector<const Move*>& innermost, double* prices) override;

 private:
  using Outside = PerDimension<std::size_t>;  ///< loops in time that stand outside
  /// Of one dimension, or of the two that make rows, by the loops outside and the one that steps.
  using Sums = std::map<std::array<std::size_t, 3>, MoveSums>;

  /// One boundary, and one way of counting what passes it.
  struct Way {
    std::size_t inner = 0;  ///< stage; the number of stages for the MACs
    std::size_t outer = 0;
    Operand operand = Operand::weights;
    Counted counted = Counted::arriving;
    bool operator==(const Way&) const = default;
  };
  struct Passage {
    Way way;
    std::vector<double> prices;  ///< of a word, by term
    // Of the chain at hand:
    PerDimension<SplitDimension> split;
    PerDimension<Sums*> alone{};
    std::array<Sums*, 2> axes{};  ///< of inputs: rows, columns
  };

  void list_passages(const std::vector<const NestTerms*>& terms);
  void add_price(const Way& way, std::size_t term, double price);
  void split_dimensions(Passage& passage, const std::vector<Extents>& tiles,
                        const std::vector<Extents>& covers) const;
  void find_sums(Passage& passage);
  MoveSums product(Passage& passage, const Outside& outside, std::optional<Dimension> steps) const;
  const MoveSums& alone(Passage& passage, Dimension dimension, const Outside& outside,
                        std::optional<Dimension> steps) const;
  const MoveSums& on_axis(Passage& passage, std::size_t axis, const Outside& outside,
                          std::optional<Dimension> steps) const;

  const LayerShape& shape_;
  const std::vector<Level>& levels_;
  std::vector<Stage> stages_;
  std::vector<double> constants_;  ///< by term
  std::vector<Passage> passages_;
  std::vector<Outside> outside_;  ///< by stage: loops at the stages further out
  std::map<std::pair<bool, SplitDimension>, Sums> known_;
  std::map<std::pair<std::size_t, std::pair<SplitDimension, SplitDimension>>, Sums> known_axes_;
};

}  // namespace mj
