#include "search/box_ranges.h"

#include <algorithm>
#include <cmath>

#include "search/extent_math.h"

namespace mj {
namespace {

/// Of an extent, the share that lies in whole parts.
double whole_share(int64_t least, int64_t most, int64_t least_part, int64_t most_part) {
  if (least == most && least_part == most_part) {
    return real(least / least_part * least_part) / real(least);
  }
  const double parts = std::max(1.0, std::floor(real(least) / real(most_part)));
  return parts / (parts + 1);
}

/// Of a whole tile that is parted in time, the share at instances that its last step reaches; the others take
/// one step, and keep what they hold.
double stepping_share(const NestBox& box, std::size_t stage, Dimension dimension) {
  if (stage + 1 == box.tiles.size() || box.spreads[stage][dimension].most == 1) {
    return 1;
  }
  const int64_t cover = most_covered(box, stage, dimension);
  const int64_t tile = std::max<int64_t>(box.tiles[stage][dimension].least, cover + 1);
  return tile >= 2 * cover ? 1 : real(2 * (tile - cover)) / real(tile);
}

}  // namespace

int64_t most_covered(const NestBox& box, std::size_t stage, Dimension dimension) {
  if (stage + 1 == box.tiles.size()) {
    return 1;
  }
  return std::min<int64_t>(box.tiles[stage][dimension].most, int64_t{box.spreads[stage][dimension].most} *
                                                                 box.tiles[stage + 1][dimension].most);
}

int64_t least_covered(const NestBox& box, std::size_t stage, Dimension dimension) {
  if (stage + 1 == box.tiles.size()) {
    return 1;
  }
  const int64_t least = int64_t{box.spreads[stage][dimension].least} * box.tiles[stage + 1][dimension].least;
  return std::min<int64_t>(box.tiles[stage][dimension].least, least);
}

bool may_loop(const NestBox& box, std::size_t stage, Dimension dimension) {
  return box.tiles[stage][dimension].most > least_covered(box, stage, dimension);
}
bool must_loop(const NestBox& box, std::size_t stage, Dimension dimension) {
  return box.tiles[stage][dimension].least > most_covered(box, stage, dimension);
}

double changing_share(const NestBox& box, std::size_t stage, Dimension dimension) {
  double share = stepping_share(box, stage, dimension);
  for (std::size_t outer = 0; outer < stage; ++outer) {
    const Range& tile = box.tiles[outer][dimension];
    const Range& next = box.tiles[outer + 1][dimension];
    const int64_t least = least_covered(box, outer, dimension);
    const int64_t most = most_covered(box, outer, dimension);
    share *= whole_share(tile.least, tile.most, least, most);
    share *= whole_share(least, most, next.least, next.most);
  }
  return share;
}

}  // namespace mj
