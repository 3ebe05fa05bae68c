#include "solver_table.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "prune/admm.h"
#include "prune/n_of_m.h"
#include "prune/solvers.h"
#include "synthetic_layer.h"

namespace mj::bench {
namespace {

constexpr int64_t kFilters = 64;
constexpr int64_t kColumns = 576;
constexpr std::array<uint64_t, 3> kSeeds{1, 2, 3};
constexpr double kDamping = 1e-4;
constexpr double kTolerance = .05;
constexpr std::array kSparsities{.5, .7, .9};
using Errors = std::array<double, kSparsities.size()>;

struct Method {
  std::string name;
  std::function<Support(const LayerProblem&, const Support& candidates, int64_t keep)> choose;
  std::optional<Errors> expected;  ///< of an independent implementation on a layer of this kind
};

// A fifth of what is kept comes back in each filter, all by the gains that they have at the start.
Support restore_at_once(const LayerProblem& problem, const Support& candidates, int64_t keep) {
  const int64_t restored = keep / 5;
  const RestoreOptions at_once{ErrorNorm::l2, Scope::filter, restored, 1};
  return restore_by_output_effect(problem,
                                  keep_largest(problem.weights, candidates, keep - restored, Scope::filter),
                                  candidates, restored, at_once);
}

std::vector<Method> methods() {
  const SecondOrderOptions options{.damping = kDamping, .scope = Scope::filter, .threads = 1};
  const auto by = [=](Solver solver) {
    return [=](const LayerProblem& problem, const Support& all, int64_t keep) {
      return choose_support_by(solver, problem, all, keep, options).kept;
    };
  };
  return {
      {"magnitude", by(Solver::magnitude), Errors{.0159, .0615, .240}},
      {"recipe, gains once", restore_at_once, Errors{.0161, .0562, .202}},
      {"Wanda", by(Solver::wanda), Errors{.0077, .0320, .152}},
      {"SparseGPT", by(Solver::sparse_gpt), Errors{.0072, .0292, .140}},
      {"ExactOBS", by(Solver::exact_obs), Errors{.0065, .0250, .114}},
      {"ADMM", by(Solver::admm), Errors{.0065, .0249, .113}},
      {"recipe", by(Solver::restoration), {}},
  };
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double error_of(const SyntheticLayer& layer, const Support& support) {
  return held_out_error(layer.problem, refit_kept(layer.problem, support, kDamping, 1), layer.other_inputs,
                        layer.other_outputs, 1);
}

// Of the layers of all seeds.
double mean_error(const Method& method, double sparsity) {
  double sum = 0;
  for (const uint64_t seed : kSeeds) {
    const auto& layer = synthetic_layer(kFilters, kColumns, seed);
    const int64_t keep = count_at_density(1 - sparsity, kFilters * kColumns);
    sum += error_of(layer, method.choose(layer.problem, support_of(layer.weights), keep));
  }
  return sum / static_cast<double>(kSeeds.size());
}

// Gives whether the errors are those expected.
bool print_row(const Method& method) {
  bool holds = true;
  std::string errors;
  const double start = processor_seconds();
  for (std::size_t i = 0; i < kSparsities.size(); ++i) {
    const double found = mean_error(method, kSparsities[i]);
    errors += fmt::format("{:8.4f}", found);
    if (method.expected) {
      const double deviation = found / method.expected->at(i) - 1;
      errors += fmt::format(" {:+5.1f} %", 100 * deviation);
      holds = holds && std::fabs(deviation) <= kTolerance;
    } else {
      errors += fmt::format("{:8}", "");
    }
  }
  fmt::print("{:20}{}{:8.2f} s{}\n", method.name, errors, processor_seconds() - start,
             holds ? "" : "  differs");
  return holds;
}

void print_patterned() {
  const auto& layer = synthetic_layer(kFilters, kColumns, kSeeds.front());
  const NOfM two_of_four{.places = 9};
  const Support all = support_of(layer.weights);
  const auto by_admm = choose_n_of_m(layer.problem, all, two_of_four, {.damping = kDamping, .threads = 1});
  fmt::print("2:4 by magnitude {:.4f}, by ADMM {:.4f}\n",
             error_of(layer, keep_n_of_m(layer.weights, all, two_of_four)), error_of(layer, by_admm.kept));
}

}  // namespace

bool print_table() {
  for (const uint64_t seed : kSeeds) {  // Not to be counted as a solver's time.
    synthetic_layer(kFilters, kColumns, seed);
  }
  fmt::print("{:20}{:>8}{:>16}{:>16}\n", "error at sparsity", .5, .7, .9);
  bool holds = true;
  for (const auto& method : methods()) {
    holds = print_row(method) && holds;
  }
  print_patterned();
  return holds;
}

}  // namespace mj::bench
