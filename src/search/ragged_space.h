#pragma once

#include <optional>
#include <vector>

#include "mapping/loop_nest.h"
#include "search/nest_terms.h"

namespace mj {

/// A range of whole numbers.
struct Range {
  int32_t least = 1;
  int32_t most = 1;
  bool is_point() const { return least == most; }
};

/// Many nests at once: for each stage the range of its tile's extents, between stages that of the spread over
/// instances. A nest's tile is parted in time into what the instances of the next stage cover, each with a
/// whole tile of its own but the last.
struct NestBox {
  std::vector<PerDimension<Range>> tiles;    ///< by stage; the first is the layer
  std::vector<PerDimension<Range>> spreads;  ///< from stage to stage
};

/// One chain of tiles and spreads.
struct RaggedChain {
  std::vector<Extents> tiles;
  std::vector<Extents> spreads;
};

/// The map space of one layer with tiles of any size (docs/mapper.md, "Ragged tiles").
struct RaggedSpace {
  const LayerShape* shape = nullptr;
  const std::vector<Level>* levels = nullptr;
  std::vector<Stage> stages;
  Extents whole;
  std::vector<PerDimension<bool>> may_loop;  ///< by stage
};

RaggedSpace make_ragged_space(const LayerShape& shape, const std::vector<Level>& levels);

/// All nests of the space, and more: capacities and axes are not looked at.
NestBox whole_box(const RaggedSpace& space);
/// Leaves out what cannot be in the space by ranges alone; false where nothing remains.
bool tighten(const RaggedSpace& space, NestBox& box);
/// Of a box that holds one chain. False where capacities or axes do not allow it.
bool is_in_space(const RaggedSpace& space, const RaggedChain& chain);
/// The least of everything, or the most.
RaggedChain least_chain(const NestBox& box);
std::optional<RaggedChain> only_chain(const NestBox& box);

/// Splits and orders of the whole space, before capacities and fan-outs are looked at.
double space_size(const RaggedSpace& space);

/// The nest of a chain, with loop orders (dimensions outside in) by stage.
LoopNest nest_of(const RaggedSpace& space, const RaggedChain& chain,
                 const std::vector<std::vector<Dimension>>& orders);
/// The chain of a nest whose tiles divide each other.
RaggedChain chain_of(const RaggedSpace& space, const LoopNest& nest);

}  // namespace mj
