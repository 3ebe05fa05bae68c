#include "solver_table.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "prune/admm.h"
#include "prune/exact_obs.h"
#include "prune/n_of_m.h"
#include "prune/sparse_gpt.h"
#include "prune/wanda.h"
#include "synthetic_layer.h"

namespace mj::bench {
namespace {

constexpr int64_t kHeldOut = 4096;
constexpr double kDamping = 1e-4;
constexpr double kTolerance = .05;
constexpr std::array kSparsities{.5, .7, .9};
using Errors = std::array<double, kSparsities.size()>;

struct Method {
  std::string name;
  std::function<Support(const Support& candidates, int64_t keep)> choose;
  Errors expected{};  ///< of an independent implementation on a layer of this kind; 0 where there is none
  bool is_yardstick = false;  ///< nothing to choose in it: less error would mean an easier layer
};

std::vector<Method> methods() {
  const SecondOrderOptions options{.damping = kDamping, .threads = 1};
  return {
      {"magnitude",
       [](const Support& all, int64_t keep) { return keep_largest(weights(), all, keep, Scope::layer); },
       {.0159, .0615, .240},
       true},
      {"output effect, l1",
       [](const Support& all, int64_t keep) {
         return choose_support(problem(), all, keep, {ErrorNorm::l1, Scope::layer, 0, 1});
       }},
      {"output effect, l2",
       [](const Support& all, int64_t keep) {
         return choose_support(problem(), all, keep, {ErrorNorm::l2, Scope::layer, 0, 1});
       },
       {.0161, .0562, .202}},
      {"Wanda",
       [](const Support& all, int64_t keep) {
         return choose_support_by_wanda(problem(), all, keep, Scope::filter);
       },
       {.0077, .0320, .152},
       true},
      {"SparseGPT",
       [=](const Support& all, int64_t keep) {
         return choose_support_by_sparse_gpt(problem(), all, keep, options);
       },
       {.0072, .0292, .140}},
      {"ExactOBS",
       [=](const Support& all, int64_t keep) {
         return choose_support_by_exact_obs(problem(), all, keep, options);
       },
       {.0065, .0250, .114}},
      {"ADMM",
       [](const Support& all, int64_t keep) {
         return choose_support_by_admm(problem(), all, keep, {.damping = kDamping, .threads = 1});
       },
       {.0065, .0249, .113}},
  };
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

class Comparison {
 public:
  double error(const Support& support) const {
    const Matrix refitted = refit_kept(problem(), support, kDamping, 1);
    return held_out_error(problem(), refitted, others_, other_outputs_, 1);
  }

  // Gives whether the errors are those expected.
  bool print(const Method& method) const {
    bool holds = true;
    std::string errors;
    double seconds = 0;
    for (std::size_t i = 0; i < kSparsities.size(); ++i) {
      const double start = processor_seconds();
      const auto support = method.choose(all_, count_at_density(1 - kSparsities[i], kFilters * kColumns));
      seconds += processor_seconds() - start;
      const double found = error(support);
      errors += fmt::format("{:8.4f}", found);
      if (method.expected[i] > 0) {
        const double deviation = found / method.expected[i] - 1;
        errors += fmt::format(" {:+5.1f} %", 100 * deviation);
        holds = holds && deviation <= kTolerance && (!method.is_yardstick || deviation >= -kTolerance);
      } else {
        errors += fmt::format("{:8}", "");
      }
    }
    fmt::print("{:20}{}{:8.2f} s{}\n", method.name, errors, seconds, holds ? "" : "  differs");
    return holds;
  }

 private:
  Support all_ = support_of(weights());
  Matrix others_ = correlated_inputs(kHeldOut, 4);
  Matrix other_outputs_ = times_transposed(others_, weights());
};

}  // namespace

bool print_table() {
  const Comparison comparison;
  fmt::print("{:20}{:>8}{:>16}{:>16}\n", "error at sparsity", .5, .7, .9);
  bool holds = true;
  for (const auto& method : methods()) {
    holds = comparison.print(method) && holds;
  }
  const NOfM two_of_four{.places = 9};
  const Support all = support_of(weights());
  fmt::print(
      "2:4 by magnitude {:.4f}, by ADMM {:.4f}\n", comparison.error(keep_n_of_m(weights(), all, two_of_four)),
      comparison.error(choose_n_of_m(problem(), all, two_of_four, {.damping = kDamping, .threads = 1})));
  return holds;
}

}  // namespace mj::bench
