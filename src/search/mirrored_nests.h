#pragma once

#include <vector>

#include "search/nest_space.h"

namespace mj {

/// Which of a nest and its mirror image the search meets first.
enum class Mirror {
  same,     ///< as far as it is decided, the nest is its own image
  earlier,  ///< the image
  none      ///< the nest; or the space does not hold the image
};

/// Rows and columns of a square layer can change places: the image of a nest costs the same, and the search
/// need not look at the one that it would meet second.
class MirroredNests {
 public:
  explicit MirroredNests(const NestSpace& space);

  /// What holds at first: `same`, or `none` where the layer is not square.
  Mirror start() const { return is_square_ ? Mirror::same : Mirror::none; }
  /// After a tile, where tiles are met in the order of their indices.
  static Mirror after_tile(Mirror before, const TileIndex& tile);
  /// After a spread, by its place in the space.
  Mirror after_spread(Mirror before, std::size_t stage, std::size_t group, std::size_t place) const;
  /// Whether the image is sure to be in the space, whatever is decided further out than a stage's tile.
  bool is_kept_outside(std::size_t stage) const { return stage <= kept_; }

 private:
  bool is_square_ = false;
  std::size_t kept_ = 0;  ///< the spreads outside this stage's tile all have their images
  std::vector<std::vector<std::vector<int>>> images_;  ///< by stage, group and place; -1 where there is none
};

/// The tile with rows and columns exchanged.
TileIndex mirrored(TileIndex tile);

}  // namespace mj
