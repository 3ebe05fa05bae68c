#include "energy/ragged_moves.h"

#include <algorithm>
#include <map>
#include <optional>

#include "mapping/ceil_divide.h"

namespace mj {
namespace {

using Place = SplitDimension::Place;
using Positions = std::vector<int64_t>;

/// The part that remains after the loops' steps; nullopt where a position lies beyond the last.
std::optional<Part> part_at(const SplitDimension& dimension, const Positions& at) {
  Part part{0, dimension.extent};
  for (std::size_t i = 0; i < at.size(); ++i) {
    const int64_t passed = at[i] * dimension.loops[i].step;
    if (passed >= part.size) {
      return std::nullopt;
    }
    part = {part.start + passed, std::min(part.size - passed, dimension.loops[i].step)};
  }
  return part;
}

/// Writes down what each moment moves.
class MoveWriter {
 public:
  MoveWriter(const SplitDimension& dimension, std::size_t outside, bool steps)
      : dimension_(dimension), at_(dimension.loops.size(), 0) {
    std::size_t passed = 0;
    for (std::size_t i = 0; i < dimension.loops.size(); ++i) {
      if (dimension.loops[i].place == Place::time) {
        stepping_ = steps && passed == outside ? static_cast<int>(i) : stepping_;
        inside_from_ = passed < outside + (steps ? 1 : 0) ? i + 1 : inside_from_;
        ++passed;
      }
    }
  }

  std::vector<SharedMoves> write() {
    choose(0, 1);
    std::vector<SharedMoves> written;
    for (auto& [moves, times] : found_) {
      written.push_back({times, moves});
    }
    return written;
  }

 private:
  bool is_inside(std::size_t loop) const {
    return dimension_.loops[loop].place == Place::time && loop >= inside_from_;
  }

  /// Positions of the loops outside and of instances that do not share. Full steps are alike, but where they
  /// lie inside instances that move together, of which the last may take fewer.
  void choose(std::size_t loop, double times) {
    if (loop == dimension_.loops.size()) {
      add_moment(times);
      return;
    }
    at_[loop] = 0;
    if (dimension_.loops[loop].place == Place::together || is_inside(loop)) {
      choose(loop + 1, times);
      return;
    }
    const std::optional<Part> whole =
        part_at(dimension_, Positions(at_.begin(), at_.begin() + place_of(loop)));
    const int64_t steps = whole ? ceil_divide(whole->size, dimension_.loops[loop].step) : 0;
    const int64_t first = static_cast<int>(loop) == stepping_ ? 1 : 0;
    if (dimension_.loops[loop].place == Place::apart || is_below_together(loop)) {
      for (int64_t i = first; i < steps; ++i) {
        at_[loop] = i;
        choose(loop + 1, times);
      }
    } else {
      if (steps - 1 > first) {
        at_[loop] = first;
        choose(loop + 1, times * static_cast<double>(steps - 1 - first));
      }
      if (steps > first) {
        at_[loop] = steps - 1;
        choose(loop + 1, times);
      }
    }
    at_[loop] = 0;
  }

  bool is_below_together(std::size_t loop) const {
    return std::any_of(dimension_.loops.begin(), dimension_.loops.begin() + place_of(loop),
                       [](const auto& outer) { return outer.place == Place::together; });
  }

  static std::ptrdiff_t place_of(std::size_t loop) { return static_cast<std::ptrdiff_t>(loop); }

  void add_moment(double times) {
    std::vector<PartMove> moves;
    add_instances(0, moves);
    if (moves.empty()) {
      return;
    }
    const int64_t origin = moves.front().now.start;
    for (PartMove& move : moves) {
      move.now.start -= origin;
      move.before.start -= origin;
    }
    found_[moves] += times;
  }

  void add_instances(std::size_t loop, std::vector<PartMove>& moves) {
    while (loop < at_.size() && dimension_.loops[loop].place != Place::together) {
      ++loop;
    }
    if (loop == at_.size()) {
      if (const auto now = part_at(dimension_, at_)) {
        const Part before = part_before(at_);
        moves.push_back({*now, before, before == *now && stays_further_out()});
      }
      return;
    }
    for (at_[loop] = 0; part_at(dimension_, at_); ++at_[loop]) {
      add_instances(loop + 1, moves);
    }
    at_[loop] = 0;
  }

  /// Of the instance at hand, with the loops inside at the last of their steps that reach it.
  Part part_before(Positions last) const {
    if (stepping_ >= 0 && static_cast<std::size_t>(stepping_) < last.size()) {
      --last[static_cast<std::size_t>(stepping_)];
    }
    for (std::size_t loop = inside_from_; loop < last.size(); ++loop) {
      if (!is_inside(loop)) {
        continue;
      }
      const Part whole = *part_at(dimension_, Positions(last.begin(), last.begin() + place_of(loop)));
      last[loop] = ceil_divide(whole.size, dimension_.loops[loop].step) - 1;
      if (!part_at(dimension_, last)) {
        --last[loop];
      }
    }
    return *part_at(dimension_, last);
  }

  bool stays_further_out() const {
    return std::all_of(dimension_.holders.begin(), dimension_.holders.end(), [&](std::size_t outside) {
      const Positions at(at_.begin(), at_.begin() + place_of(outside));
      return part_before(at) == part_at(dimension_, at);
    });
  }

  const SplitDimension& dimension_;
  Positions at_;
  int stepping_ = -1;
  std::size_t inside_from_ = 0;  ///< loops in time from here on start again
  std::map<std::vector<PartMove>, double> found_;
};

/// Rows of an axis that are met by parts of its outputs and taps.
class RowMarks {
 public:
  RowMarks(int64_t stride, int64_t dilation) : stride_(stride), dilation_(dilation) {}

  /// The new rows of one instance among all, and those that were not there before.
  void add(const PartMove& outputs, const PartMove& taps) {
    before_.clear();
    for_rows(outputs.before, taps.before, [&](int64_t row) { before_.push_back(row); });
    std::sort(before_.begin(), before_.end());
    for_rows(outputs.now, taps.now, [&](int64_t row) {
      held_.push_back(row);
      if (!std::binary_search(before_.begin(), before_.end(), row)) {
        fresh_.push_back(row);
      }
    });
  }

  double held() { return different(held_); }
  double fresh() { return different(fresh_); }

 private:
  template <class Visit>
  void for_rows(const Part& outputs, const Part& taps, Visit visit) const {
    for (int64_t p = outputs.start; p < outputs.start + outputs.size; ++p) {
      for (int64_t r = taps.start; r < taps.start + taps.size; ++r) {
        visit(p * stride_ + r * dilation_);
      }
    }
  }

  static double different(std::vector<int64_t>& rows) {
    std::sort(rows.begin(), rows.end());
    return static_cast<double>(std::unique(rows.begin(), rows.end()) - rows.begin());
  }

  int64_t stride_;
  int64_t dilation_;
  std::vector<int64_t> before_;
  std::vector<int64_t> held_;
  std::vector<int64_t> fresh_;
};

}  // namespace

std::size_t SplitDimension::loops_in_time() const {
  return static_cast<std::size_t>(std::count_if(
      loops.begin(), loops.end(), [](const SplitLoop& loop) { return loop.place == Place::time; }));
}

std::vector<SharedMoves> moves_of(const SplitDimension& dimension, std::size_t outside, bool steps) {
  return MoveWriter(dimension, outside, steps).write();
}

MoveSums sum_moves(const std::vector<SharedMoves>& moments, bool is_relevant) {
  MoveSums sums;
  for (const SharedMoves& moment : moments) {
    if (!is_relevant) {
      // The first instance is in use whenever another one is.
      sums.all += moment.times;
      continue;
    }
    for (const PartMove& move : moment.moves) {
      const double words = moment.times * static_cast<double>(move.now.size);
      sums.all += words;
      sums.kept += move.stays ? words : 0;
    }
  }
  if (!is_relevant) {
    sums.kept = sums.all;
  }
  return sums;
}

MoveSums sum_row_moves(const std::vector<SharedMoves>& outputs, const std::vector<SharedMoves>& taps,
                       int64_t stride, int64_t dilation) {
  MoveSums sums;
  for (const SharedMoves& some_outputs : outputs) {
    for (const SharedMoves& some_taps : taps) {
      RowMarks marks(stride, dilation);
      for (const PartMove& output : some_outputs.moves) {
        for (const PartMove& tap : some_taps.moves) {
          marks.add(output, tap);
        }
      }
      const double times = some_outputs.times * some_taps.times;
      const double held = marks.held();
      sums.all += times * held;
      sums.kept += times * (held - marks.fresh());
    }
  }
  return sums;
}

}  // namespace mj
