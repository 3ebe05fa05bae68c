#pragma once

#include <map>
#include <set>
#include <vector>

#include "energy/nest_boundary.h"
#include "energy/nest_counts.h"

/// A loop nest run element by element: who holds which word when, and what has to move. It shares nothing
/// with the closed forms but the order of the loops. Where a loop's last step is smaller, instances that it
/// does not reach are idle: they keep their words, but for partial sums that a neighbour lets go of, which
/// are added up on the same way.
namespace simulation {

using Word = std::array<int64_t, 4>;
using Place = std::vector<int64_t>;  ///< positions in the spatial loops outside a level: names an instance

class Nest {
 public:
  Nest(const mj::LayerShape& shape, const std::vector<mj::Level>& levels, const mj::LoopNest& nest)
      : shape_(shape), levels_(levels), loops_(place_loops(nest)) {}

  mj::NestCounts run() {
    counts_.levels.resize(levels_.size());
    std::vector<int64_t> at(loops_.size(), 0);
    std::vector<std::size_t> in_time;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (!loops_[i].in_space) {
        in_time.push_back(i);
      }
    }
    for (bool more = true; more; more = advance(at, in_time)) {
      if (is_inside(at)) {
        step(at);
        counts_.cycles += 1;
      }
    }
    for (const mj::Operand operand : mj::all_operands) {
      drain_and_fill(operand, Held(levels_.size()));
    }
    return counts_;
  }

 private:
  bool advance(std::vector<int64_t>& at, const std::vector<std::size_t>& which) const {
    for (auto i = which.rbegin(); i != which.rend(); ++i) {
      if (++at[*i] < loops_[*i].bound) {
        return true;
      }
      at[*i] = 0;
    }
    return false;
  }

  /// Whether the positions exist: a smaller last step ends the loops inside it sooner.
  bool is_inside(const std::vector<int64_t>& at) const {
    mj::Extents left = extents_of(shape_);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      int64_t& extent = left[loops_[i].dimension];
      extent = std::min(loops_[i].below, extent - at[i] * loops_[i].below);
      if (extent <= 0) {
        return false;
      }
    }
    return true;
  }

  Word word_at(mj::Operand operand, const std::vector<int64_t>& at) const {
    mj::Extents e;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      e[loops_[i].dimension] += at[i] * loops_[i].below;
    }
    const auto& [n, k, c, p, q, r, s] = e.values;
    switch (operand) {
      case mj::Operand::weights:
        return {k, c, r, s};
      case mj::Operand::inputs:
        return {n, c, p * shape_.stride[0] + r * shape_.dilation[0],
                q * shape_.stride[1] + s * shape_.dilation[1]};
      case mj::Operand::outputs:
        return {n, k, p, q};
    }
    return {};
  }

  Place place(const std::vector<int64_t>& at, std::size_t level) const {
    Place where;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i].in_space && loops_[i].level < level) {
        where.push_back(at[i]);
      }
    }
    return where;
  }

  /// Positions in the spatial loops between two levels that share nothing.
  Place apart(mj::Operand operand, const Place& inner, std::size_t outer_level) const {
    Place where;
    std::size_t next = 0;
    for (const mj::PlacedLoop& loop : loops_) {
      if (!loop.in_space || next >= inner.size()) {
        continue;
      }
      const int64_t position = inner[next++];
      const mj::Level& into = levels_[loop.level + 1];
      const bool shares = operand == mj::Operand::outputs ? into.reduction : into.multicast;
      if (loop.level >= outer_level && !shares) {
        where.push_back(position);
      }
    }
    return where;
  }

  Place outer_place(const Place& inner, std::size_t outer_level) const {
    std::size_t count = 0;
    for (const mj::PlacedLoop& loop : loops_) {
      count += loop.in_space && loop.level < outer_level ? 1 : 0;
    }
    return {inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  /// All of the loops that lie in space or inside a level, from the current time on.
  std::map<Place, std::set<Word>> tiles(mj::Operand operand, std::size_t level,
                                        std::vector<int64_t> at) const {
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i].in_space || loops_[i].level >= level) {
        free.push_back(i);
        at[i] = 0;
      }
    }
    std::map<Place, std::set<Word>> held;
    for (bool more = true; more; more = advance(at, free)) {
      if (is_inside(at)) {
        held[place(at, level)].insert(word_at(operand, at));
      }
    }
    return held;
  }

  void step(const std::vector<int64_t>& at) {
    for (const mj::Operand operand : mj::all_operands) {
      Held now(levels_.size());
      for (std::size_t level = 0; level < levels_.size(); ++level) {
        if (levels_[level].holds[operand]) {
          now[level] = tiles(operand, level, at);
          keep_idle(operand, level, now);
        }
      }
      drain_and_fill(operand, now);
      multiply(operand, at);
    }
  }

  std::size_t outer_holder(mj::Operand operand, std::size_t level) const {
    while (!levels_[--level].holds[operand]) {
    }
    return level;
  }

  using Key = std::tuple<Place, Place, Word>;
  using Held = std::vector<std::map<Place, std::set<Word>>>;

  /// Adds what idle instances of a level hold on to.
  void keep_idle(mj::Operand operand, std::size_t level, Held& now) {
    Held& before = held_[static_cast<std::size_t>(operand)];
    before.resize(levels_.size());
    std::set<std::pair<Place, Word>> let_go;  // by the place further out
    const std::size_t outer = level == 0 ? 0 : outer_holder(operand, level);
    for (const auto& [where, words] : before[level]) {
      const auto present = now[level].find(where);
      for (const Word& word : words) {
        if (present != now[level].end() && !present->second.contains(word)) {
          let_go.insert({outer_place(where, outer), word});
        }
      }
    }
    for (const auto& [where, words] : before[level]) {
      if (now[level].contains(where)) {
        continue;
      }
      for (const Word& word : words) {
        const Place above = outer_place(where, outer);
        const auto outer_words = now[outer].find(above);
        const bool leaves =
            operand == mj::Operand::outputs &&
            (let_go.contains({above, word}) ||
             (level > 0 && (outer_words == now[outer].end() || !outer_words->second.contains(word))));
        if (!leaves) {
          now[level][where].insert(word);
        }
      }
    }
  }

  void drain_and_fill(mj::Operand operand, const Held& now) {
    auto& before = held_[static_cast<std::size_t>(operand)];
    before.resize(levels_.size());
    if (operand == mj::Operand::outputs) {
      for (std::size_t level = levels_.size(); level-- > 1;) {
        if (levels_[level].holds[operand]) {
          drain(level, before[level], now[level]);
        }
      }
    }
    for (std::size_t level = 1; level < levels_.size(); ++level) {
      if (levels_[level].holds[operand]) {
        fill(operand, level, before[level], now[level]);
      }
    }
    before = now;
  }

  void drain(std::size_t level, const std::map<Place, std::set<Word>>& before,
             const std::map<Place, std::set<Word>>& now) {
    const std::size_t outer = outer_holder(mj::Operand::outputs, level);
    std::set<Key> sent;
    for (const auto& [where, words] : before) {
      const auto present = now.find(where);
      for (const Word& word : words) {
        if (present != now.end() && present->second.contains(word)) {
          continue;
        }
        counts_.levels[level][mj::Operand::outputs].drains += 1;
        partial_[level].erase({where, word});
        const Place above = outer_place(where, outer);
        sent.insert({above, apart(mj::Operand::outputs, where, outer), word});
      }
    }
    std::set<std::pair<Place, Word>> added;
    for (const auto& [above, own, word] : sent) {
      mj::OperandCounts& counts = counts_.levels[outer][mj::Operand::outputs];
      counts.updates += 1;
      // The partial sum that was sent down is in the first; what comes beside it is added here.
      counts.reads += added.insert({above, word}).second ? 0 : 1;
      partial_[outer].insert({above, word});
    }
  }

  void fill(mj::Operand operand, std::size_t level, const std::map<Place, std::set<Word>>& before,
            const std::map<Place, std::set<Word>>& now) {
    const std::size_t outer = outer_holder(operand, level);
    std::set<Key> wanted;
    std::map<std::pair<Place, Word>, Place> first;
    for (const auto& [where, words] : now) {
      const auto past = before.find(where);
      for (const Word& word : words) {
        if (past != before.end() && past->second.contains(word)) {
          continue;
        }
        const Place above = outer_place(where, outer);
        if (operand != mj::Operand::outputs) {
          counts_.levels[level][operand].fills += 1;
          wanted.insert({above, apart(operand, where, outer), word});
        } else if (partial_[outer].contains({above, word})) {
          first.insert({{above, word}, where});
        }
      }
    }
    counts_.levels[outer][operand].reads += static_cast<double>(wanted.size() + first.size());
    for (const auto& [key, where] : first) {
      counts_.levels[level][operand].fills += 1;
      partial_[level].insert({where, key.second});
    }
  }

  /// Each MAC takes its words from the innermost level that holds them.
  void multiply(mj::Operand operand, std::vector<int64_t> at) {
    std::size_t level = levels_.size();
    while (!levels_[--level].holds[operand]) {
    }
    std::vector<std::size_t> spatial;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i].in_space) {
        spatial.push_back(i);
      }
    }
    std::set<Key> used;
    for (bool more = true; more; more = advance(at, spatial)) {
      if (is_inside(at)) {
        used.insert(
            {place(at, level), apart(operand, place(at, levels_.size()), level), word_at(operand, at)});
      }
    }
    mj::OperandCounts& counts = counts_.levels[level][operand];
    for (const auto& [where, own, word] : used) {
      if (operand == mj::Operand::outputs) {
        counts.updates += 1;
        counts.reads += partial_[level].insert({where, word}).second ? 0 : 1;
      } else {
        counts.reads += 1;
      }
    }
  }

  const mj::LayerShape& shape_;
  const std::vector<mj::Level>& levels_;
  std::vector<mj::PlacedLoop> loops_;
  mj::NestCounts counts_;
  std::array<Held, 3> held_;
  std::map<std::size_t, std::set<std::pair<Place, Word>>> partial_;  ///< words that hold a sum, by level
};

}  // namespace simulation
