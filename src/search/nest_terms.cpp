#include "search/nest_terms.h"

#include <algorithm>

namespace mj {
namespace {

/// Writes the terms of one price.
class TermWriter {
 public:
  TermWriter(const NestPrices& prices, const std::vector<Level>& levels, Counting counting, double outputs,
             bool returns_are_free = false)
      : prices_(prices),
        levels_(levels),
        counting_(counting),
        outputs_(outputs),
        returns_are_free_(returns_are_free),
        stages_(stages_of(levels)) {
    terms_.moves.resize(stages_.size() + 1);
    terms_.shared_starts.assign(stages_.size(), 0);
    terms_.constant = prices.macs;
  }

  NestTerms write() {
    for (const Operand operand : all_operands) {
      write_operand(operand);
    }
    return terms_;
  }

 private:
  std::size_t stage_of(std::size_t level) const {
    std::size_t stage = 0;
    while (stage < stages_.size() && stages_[stage].last_level < level) {
      ++stage;
    }
    return stage;  // the number of stages for the MACs
  }

  const OperandPrices& price(std::size_t level, Operand operand) const {
    return prices_.levels[level][operand];
  }

  void write_operand(Operand operand) {
    std::vector<std::size_t> holders;
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      if (levels_[level].holds[operand]) {
        holders.push_back(level);
      }
    }
    for (std::size_t i = 0; i < holders.size(); ++i) {
      const std::size_t inner = i + 1 < holders.size() ? holders[i + 1] : levels_.size();
      MoveTerm term = operand != Operand::outputs ? input_term(operand, holders[i], inner)
                      : returns_are_free_         ? least_output_term(holders, i)
                                                  : output_term(holders, i);
      add_crossings(operand, holders[i], inner, term);
      merge_equal_stages(stage_of(inner), term);
      terms_.moves[stage_of(inner)].push_back(term);
    }
    if (operand == Operand::outputs) {
      write_starts(holders);
    }
  }

  double mac_share(Operand operand, std::size_t inner) const {
    return inner == levels_.size() ? prices_.mac_accesses[operand] : 1;
  }

  MoveTerm input_term(Operand operand, std::size_t outer, std::size_t inner) const {
    MoveTerm term;
    term.operand = operand;
    term.asked.push_back({stage_of(outer), price(outer, operand).read * mac_share(operand, inner)});
    term.filled = inner < levels_.size() ? price(inner, operand).fill : 0;
    return term;
  }

  /// A fill, with the network on its way down.
  double fill_price(std::size_t outer, std::size_t inner) const {
    double sum = price(inner, Operand::outputs).fill;
    for (std::size_t level = outer + 1; level <= inner; ++level) {
      sum += levels_[level].network_energy == 0 ? 0 : price(level, Operand::outputs).crossing;
    }
    return sum;
  }

  /// docs/mapper.md, "Outputs": an instance that starts empty saves a read there, and a word that was empty
  /// above saves the fill below.
  MoveTerm output_term(const std::vector<std::size_t>& holders, std::size_t i) const {
    MoveTerm term;
    term.operand = Operand::outputs;
    const std::size_t outer = holders[i];
    const std::size_t inner = i + 1 < holders.size() ? holders[i + 1] : levels_.size();
    const OperandPrices& above = price(outer, Operand::outputs);
    term.asked.push_back({stage_of(outer), (above.update + above.read) * mac_share(Operand::outputs, inner)});
    if (inner == levels_.size()) {
      return term;
    }
    if (counting_ == Counting::timeloop) {
      term.filled = fill_price(outer, inner);
      return term;
    }
    double saved = 0;
    for (std::size_t k = i + 1; k < holders.size(); ++k) {
      saved += price(holders[k], Operand::outputs).read;
      saved += k > i + 1 ? fill_price(holders[k - 1], holders[k]) : 0;
    }
    term.filled = price(inner, Operand::outputs).drain - saved;
    term.visits = fill_price(outer, inner) + saved;
    term.visited = stage_of(outer);
    return term;
  }

  /// What is paid for an update, and again for each word that comes back, of reads and drains.
  double read_or_drain(std::size_t level) const {
    const OperandPrices& of = price(level, Operand::outputs);
    return level == 0 ? of.read : std::min(of.read, of.drain);
  }

  MoveTerm least_output_term(const std::vector<std::size_t>& holders, std::size_t i) const {
    MoveTerm term;
    term.operand = Operand::outputs;
    const std::size_t outer = holders[i];
    const std::size_t inner = i + 1 < holders.size() ? holders[i + 1] : levels_.size();
    const double each = price(outer, Operand::outputs).update + read_or_drain(outer);
    term.asked.push_back({stage_of(outer), each * mac_share(Operand::outputs, inner)});
    if (inner < levels_.size()) {
      term.filled = price(inner, Operand::outputs).drain - read_or_drain(inner);
    }
    return term;
  }

  void add_crossings(Operand operand, std::size_t outer, std::size_t inner, MoveTerm& term) const {
    for (std::size_t level = outer + 1; level <= inner && level < levels_.size(); ++level) {
      if (levels_[level].network_energy != 0) {
        term.asked.push_back({stage_of(level), price(level, operand).crossing});
      }
    }
  }

  /// Nothing is shared within a stage: what is asked for there arrives there.
  static void merge_equal_stages(std::size_t inner, MoveTerm& term) {
    for (const AskedTerm& asked : term.asked) {
      term.filled += asked.outer == inner ? asked.price : 0;
    }
    std::erase_if(term.asked,
                  [&](const AskedTerm& asked) { return asked.outer == inner || asked.price == 0; });
    if (term.visits != 0 && term.visited == inner) {
      term.filled += term.visits;
      term.visits = 0;
    }
  }

  void write_starts(const std::vector<std::size_t>& holders) {
    for (std::size_t i = 0; i < (returns_are_free_ ? 1 : holders.size()); ++i) {
      double saved = price(holders[i], Operand::outputs).read;
      saved += i > 0 ? fill_price(holders[i - 1], holders[i]) : 0;
      if (counting_ == Counting::timeloop && stage_of(holders[i]) > 0) {
        terms_.shared_starts[stage_of(holders[i])] -= outputs_ * saved;
      } else {
        terms_.constant -= outputs_ * saved;
      }
    }
  }

  const NestPrices& prices_;
  const std::vector<Level>& levels_;
  Counting counting_;
  double outputs_;
  bool returns_are_free_;
  std::vector<Stage> stages_;
  NestTerms terms_;
};

}  // namespace

std::vector<Stage> stages_of(const std::vector<Level>& levels) {
  std::vector<Stage> stages;
  std::size_t first = 0;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    const bool has_next = level + 1 < levels.size();
    const bool is_same_tile = has_next && levels[level].temporal.empty() &&
                              levels[level + 1].instances == std::array<int64_t, 2>{1, 1};
    if (!is_same_tile) {
      stages.push_back({first, level});
      first = level + 1;
    }
  }
  return stages;
}

NestTerms terms_of(const NestPrices& prices, const std::vector<Level>& levels, Counting counting,
                   double output_words) {
  return TermWriter(prices, levels, counting, output_words).write();
}

NestTerms least_terms_of(const NestPrices& prices, const std::vector<Level>& levels, double output_words) {
  return TermWriter(prices, levels, Counting::exact, output_words, true).write();
}

std::vector<const NestTerms*> pointers_to(const std::vector<NestTerms>& terms) {
  std::vector<const NestTerms*> each;
  each.reserve(terms.size());
  for (const NestTerms& one : terms) {
    each.push_back(&one);
  }
  return each;
}

}  // namespace mj
