#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "mapping/loop_nest.h"

/// All nests of the map space, one after another: splits of each dimension over the loops in time of each
/// level and over both axes between levels, and all orders of the loops that remain.
class EveryNest {
 public:
  EveryNest(const mj::LayerShape& shape, const mj::Accelerator& accelerator)
      : shape_(shape), accelerator_(accelerator), whole_(extents_of(shape)) {}

  void visit(const std::function<void(const mj::LoopNest&)>& each) {
    mj::LoopNest nest;
    nest.levels.resize(accelerator_.levels.size());
    split(nest, 0, 0, whole_.values[0], each);
  }

 private:
  /// Slots: time, x, y of each level, but no space below the last.
  void split(mj::LoopNest& nest, std::size_t dimension, std::size_t slot, int64_t rest,
             const std::function<void(const mj::LoopNest&)>& each) {
    if (slot == 3 * nest.levels.size() - 2) {
      if (rest != 1) {
        return;
      }
      if (dimension + 1 < mj::dimension_count) {
        split(nest, dimension + 1, 0, whole_.values.at(dimension + 1), each);
      } else if (!misfit(shape_, accelerator_, nest)) {
        order(nest, 0, each);
      }
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
  mj::Extents whole_;
};
