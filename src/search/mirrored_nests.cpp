#include "search/mirrored_nests.h"

#include <algorithm>
#include <utility>

namespace mj {
namespace {

bool is_square(const NestSpace& space) {
  const LayerShape& shape = *space.shape;
  const auto same = [](const auto& each) {
    return each[Dimension::P] == each[Dimension::Q] && each[Dimension::R] == each[Dimension::S];
  };
  return shape.stride[0] == shape.stride[1] && shape.dilation[0] == shape.dilation[1] && same(space.whole) &&
         std::all_of(space.may_loop.begin(), space.may_loop.end(), same);
}

/// The place of a spread's image in its group, -1 where the fan-out does not allow it.
int image_of(const Spread& spread, const std::vector<Spread>& group) {
  const TileIndex image = mirrored(spread.index);
  const auto found =
      std::find_if(group.begin(), group.end(), [&](const Spread& other) { return other.index == image; });
  return found == group.end() ? -1 : static_cast<int>(found - group.begin());
}

}  // namespace

TileIndex mirrored(TileIndex tile) {
  std::swap(tile[Dimension::P], tile[Dimension::Q]);
  std::swap(tile[Dimension::R], tile[Dimension::S]);
  return tile;
}

MirroredNests::MirroredNests(const NestSpace& space) : is_square_(is_square(space)) {
  if (!is_square_) {
    return;
  }
  images_.resize(space.spreads.size());
  bool all_kept = true;
  for (std::size_t stage = 0; stage < space.spreads.size(); ++stage) {
    for (const SpreadGroup& group : space.spreads[stage]) {
      std::vector<int>& images = images_[stage].emplace_back();
      for (const Spread& spread : group.spreads) {
        images.push_back(image_of(spread, group.spreads));
        all_kept = all_kept && images.back() >= 0;
      }
    }
    kept_ = all_kept ? stage + 1 : kept_;
  }
}

Mirror MirroredNests::after_tile(Mirror before, const TileIndex& tile) {
  if (before != Mirror::same) {
    return before;
  }
  const TileIndex image = mirrored(tile);
  return image == tile ? Mirror::same : image.values < tile.values ? Mirror::earlier : Mirror::none;
}

Mirror MirroredNests::after_spread(Mirror before, std::size_t stage, std::size_t group,
                                   std::size_t place) const {
  if (before == Mirror::none || images_[stage][group][place] < 0) {
    return Mirror::none;
  }
  const auto image = static_cast<std::size_t>(images_[stage][group][place]);
  if (before == Mirror::earlier || image == place) {
    return before;
  }
  return image < place ? Mirror::earlier : Mirror::none;
}

}  // namespace mj
