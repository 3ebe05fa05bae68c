#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "hardware/accelerator.h"
#include "mapping/loop_nest.h"

/// Small layers, accelerators and loop nests, drawn by a seed.
namespace random_nests {

using Generator = std::mt19937_64;

inline int64_t draw(Generator& generator, int64_t least, int64_t most) {
  return least + static_cast<int64_t>(generator() % static_cast<uint64_t>(most - least + 1));
}

/// @param most largest extent of a dimension
inline mj::LayerShape shape(Generator& generator, int64_t most, std::size_t dimensions) {
  mj::LayerShape made;
  std::vector<int64_t*> extents{&made.n, &made.k, &made.c, &made.p, &made.q, &made.r, &made.s};
  for (std::size_t i = 0; i < dimensions; ++i) {
    *extents[static_cast<std::size_t>(draw(generator, 0, 6))] = draw(generator, 2, most);
  }
  made.stride = {draw(generator, 1, 3), draw(generator, 1, 2)};
  made.dilation = {draw(generator, 1, 2), draw(generator, 1, 3)};
  made.height = (made.p - 1) * made.stride[0] + (made.r - 1) * made.dilation[0] + 1;
  made.width = (made.q - 1) * made.stride[1] + (made.s - 1) * made.dilation[1] + 1;
  return made;
}

/// Levels that hold random operands; the first holds all.
inline std::vector<mj::Level> levels(Generator& generator, std::size_t count) {
  std::vector<mj::Level> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    mj::Level& level = made[i];
    level.name = std::string("L").append(std::to_string(i));
    level.read_energy = static_cast<double>(draw(generator, 1, 9)) * (i == 0 ? 20 : 1);
    level.write_energy = static_cast<double>(draw(generator, 1, 9)) * (i == 0 ? 20 : 1);
    if (i == 0) {
      continue;
    }
    for (const mj::Operand operand : mj::all_operands) {
      level.holds[operand] = draw(generator, 0, 3) > 0;
    }
    level.instances = {draw(generator, 1, 3), draw(generator, 1, 2)};
    level.multicast = draw(generator, 0, 3) > 0;
    level.reduction = draw(generator, 0, 3) > 0;
    level.network_energy = static_cast<double>(std::max<int64_t>(0, draw(generator, -2, 2)));
    level.one_axis = draw(generator, 0, 1) > 0;
    if (draw(generator, 0, 3) == 0) {
      level.unroll[0] = "KPR";
      level.unroll[1] = "CPQ";
    }
    if (draw(generator, 0, 5) == 0) {
      level.temporal = draw(generator, 0, 1) > 0 ? "" : "NPQC";
    }
    if (draw(generator, 0, 3) == 0) {
      level.words_of = {{static_cast<double>(draw(generator, 2, 20)),
                         static_cast<double>(draw(generator, 2, 20)),
                         static_cast<double>(draw(generator, 2, 20))}};
    } else {
      level.words = static_cast<double>(draw(generator, 6, 60));
    }
  }
  return made;
}

/// Splits each dimension's factors over random loops in random order, whatever fits or not.
inline mj::LoopNest nest(Generator& generator, const mj::LayerShape& shape, std::size_t levels) {
  mj::LoopNest made;
  made.levels.resize(levels);
  const mj::Extents whole = extents_of(shape);
  for (const mj::Dimension dimension : mj::all_dimensions) {
    int64_t rest = whole[dimension];
    for (int64_t factor = 2; rest > 1; ++factor) {
      while (rest % factor == 0) {
        rest /= factor;
        const auto level = static_cast<std::size_t>(draw(generator, 0, static_cast<int64_t>(levels) - 1));
        const bool in_space = level + 1 < levels && draw(generator, 0, 2) == 0;
        auto& loops = in_space
                          ? made.levels[level].spatial.at(static_cast<std::size_t>(draw(generator, 0, 1)))
                          : made.levels[level].loops;
        loops.insert(loops.begin() + draw(generator, 0, static_cast<int64_t>(loops.size())),
                     {dimension, factor});
      }
    }
  }
  return made;
}

/// Parts each dimension into tiles of any size, over random loops in random order, whatever fits or not.
inline mj::LoopNest ragged_nest(Generator& generator, const mj::LayerShape& shape, std::size_t levels) {
  mj::LoopNest made;
  made.levels.resize(levels);
  made.tiling = mj::Tiling::any;
  const mj::Extents whole = extents_of(shape);
  for (const mj::Dimension dimension : mj::all_dimensions) {
    int64_t extent = whole[dimension];
    // Outside in, each place at most once, the last level's loops take the rest.
    for (std::size_t slot = 0; slot < 3 * levels - 2 && extent > 1; ++slot) {
      const bool is_last = slot + 1 == 3 * levels - 2;
      if (!is_last && draw(generator, 0, 2) == 0) {
        continue;
      }
      const int64_t step = is_last ? 1 : draw(generator, 1, extent - 1);
      mj::NestLevel& level = made.levels[slot / 3];
      auto& loops = slot % 3 == 0 ? level.loops : level.spatial.at(slot % 3 - 1);
      loops.insert(loops.begin() + draw(generator, 0, static_cast<int64_t>(loops.size())),
                   {dimension, (extent - 1) / step + 1, step});
      extent = step;
    }
  }
  return made;
}

}  // namespace random_nests
