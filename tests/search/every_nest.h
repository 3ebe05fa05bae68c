#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "mapping/loop_nest.h"

/// All nests of the map space, one after another: splits of each dimension over the loops in time of each
/// level and over both axes between levels, and all orders of the loops that remain. With tiles of any size:
/// all chains of them, and all numbers of instances that take whole tiles, but for the last.
class EveryNest {
 public:
  EveryNest(const mj::LayerShape& shape, const mj::Accelerator& accelerator,
            mj::Tiling tiling = mj::Tiling::divisors)
      : shape_(shape), accelerator_(accelerator), tiling_(tiling), whole_(extents_of(shape)) {}

  void visit(const std::function<void(const mj::LoopNest&)>& each) {
    mj::LoopNest nest;
    nest.tiling = tiling_;
    nest.levels.resize(accelerator_.levels.size());
    start(nest, 0, each);
  }

 private:
  void start(mj::LoopNest& nest, std::size_t dimension,
             const std::function<void(const mj::LoopNest&)>& each) {
    if (dimension == mj::dimension_count) {
      if (!misfit(shape_, accelerator_, nest)) {
        order(nest, 0, each);
      }
    } else if (tiling_ == mj::Tiling::any) {
      part(nest, dimension, 0, whole_.values.at(dimension), each);
    } else {
      split(nest, dimension, 0, whole_.values.at(dimension), each);
    }
  }

  static int64_t parts(int64_t extent, int64_t step) { return (extent - 1) / step + 1; }

  static void push(std::vector<mj::Loop>& loops, std::size_t dimension, int64_t extent, int64_t step) {
    if (extent > step) {
      loops.push_back({mj::all_dimensions.at(dimension), parts(extent, step), step});
    }
  }

  /// Parts the tile of a level into those of the next.
  void part(mj::LoopNest& nest, std::size_t dimension, std::size_t at, int64_t extent,
            const std::function<void(const mj::LoopNest&)>& each) {
    const mj::NestLevel before = nest.levels[at];
    if (at + 1 == nest.levels.size()) {
      push(nest.levels[at].loops, dimension, extent, 1);
      start(nest, dimension + 1, each);
      nest.levels[at] = before;
      return;
    }
    const auto& instances = accelerator_.levels[at + 1].instances;
    for (int64_t tile = 1; tile <= extent; ++tile) {
      for (int64_t n = 1; n <= std::min(instances[0] * instances[1], parts(extent, tile)); ++n) {
        const int64_t cover = std::min(extent, n * tile);
        for (int64_t y = 1; y <= std::min(n, instances[1]); ++y) {
          if (parts(n, parts(n, y)) != y) {
            continue;
          }
          const int64_t column = std::min(cover, y * tile);
          push(nest.levels[at].loops, dimension, extent, cover);
          push(nest.levels[at].spatial[0], dimension, cover, column);
          push(nest.levels[at].spatial[1], dimension, column, tile);
          part(nest, dimension, at + 1, tile, each);
          nest.levels[at] = before;
        }
      }
    }
  }

  /// Slots: time, x, y of each level, but no space below the last.
  void split(mj::LoopNest& nest, std::size_t dimension, std::size_t slot, int64_t rest,
             const std::function<void(const mj::LoopNest&)>& each) {
    if (slot == 3 * nest.levels.size() - 2) {
      if (rest != 1) {
        return;
      }
      start(nest, dimension + 1, each);
      return;
    }
    mj::NestLevel& level = nest.levels[slot / 3];
    std::vector<mj::Loop>& loops = slot % 3 == 0 ? level.loops : level.spatial.at(slot % 3 - 1);
    for (int64_t bound = 1; bound <= rest; ++bound) {
      if (rest % bound != 0) {
        continue;
      }
      if (bound > 1) {
        loops.push_back({mj::all_dimensions.at(dimension), bound});
      }
      split(nest, dimension, slot + 1, rest / bound, each);
      if (bound > 1) {
        loops.pop_back();
      }
    }
  }

  void order(mj::LoopNest& nest, std::size_t level, const std::function<void(const mj::LoopNest&)>& each) {
    if (level == nest.levels.size()) {
      each(nest);
      return;
    }
    if (level + 1 == nest.levels.size()) {
      order(nest, level + 1, each);  // nothing lies inside
      return;
    }
    std::vector<mj::Loop>& loops = nest.levels[level].loops;
    const std::vector<mj::Loop> before = loops;
    std::sort(loops.begin(), loops.end(), less);
    do {
      order(nest, level + 1, each);
    } while (std::next_permutation(loops.begin(), loops.end(), less));
    loops = before;
  }

  static bool less(const mj::Loop& a, const mj::Loop& b) { return a.dimension < b.dimension; }

  const mj::LayerShape& shape_;
  const mj::Accelerator& accelerator_;
  mj::Tiling tiling_;
  mj::Extents whole_;
};
