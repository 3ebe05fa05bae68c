// Times the layer solvers on one layer the size of a 3x3 convolution over 64 channels, one thread. Flop
// counts are the least that the formula needs (a gain takes 4 a sample: multiply, subtract, absolute value,
// add), so that Gflop/s beside the matrix products of the same program says how near each step is to what the
// processor gives. With --table the solvers are compared by their held-out error instead
// (solver_table.h).

#include <benchmark/benchmark.h>
#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "prune/admm.h"
#include "prune/energy_aware.h"
#include "prune/exact_obs.h"
#include "prune/sparse_gpt.h"
#include "solver_table.h"
#include "synthetic_layer.h"

namespace {

using mj::bench::inputs;
using mj::bench::kColumns;
using mj::bench::kFilters;
using mj::bench::kSamples;
using mj::bench::outputs;
using mj::bench::problem;
using mj::bench::times_transposed;
using mj::bench::weights;

constexpr double kDensity = .3;
constexpr double kRestored = .2;

int64_t kept_weights() {
  return mj::count_at_density(kDensity, kFilters * kColumns);
}

void set_rate(benchmark::State& state, double flops) {
  state.counters["Gflop/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void dgemm_baseline(benchmark::State& state) {
  const std::vector<double> a(static_cast<std::size_t>(kSamples * kColumns), 1.0);
  std::vector<double> product(static_cast<std::size_t>(kColumns * kColumns));
  while (state.KeepRunning()) {
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, kColumns, kColumns, kSamples, 1, a.data(), kColumns,
                a.data(), kColumns, 0, product.data(), kColumns);
    benchmark::DoNotOptimize(product.data());
  }
  set_rate(state, 2.0 * kSamples * kColumns * kColumns);
}
BENCHMARK(dgemm_baseline)->Unit(benchmark::kMillisecond);

void sgemm_baseline(benchmark::State& state) {
  const auto& x = inputs();
  const auto& w = weights();
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(times_transposed(x, w));
  }
  set_rate(state, 2.0 * kSamples * kColumns * kFilters);
}
BENCHMARK(sgemm_baseline)->Unit(benchmark::kMillisecond);

void make_layer_problem(benchmark::State& state) {
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::make_layer_problem(weights(), inputs(), outputs(), "layer", true, 1));
  }
  set_rate(state, 1.0 * kSamples * kColumns * (kColumns + 2 * kFilters));
}
BENCHMARK(make_layer_problem)->Unit(benchmark::kMillisecond);

void restore(benchmark::State& state, mj::ErrorNorm norm, int64_t group_share) {
  const auto candidates = mj::support_of(weights());
  const auto restored = static_cast<int64_t>(kRestored * static_cast<double>(kept_weights()));
  const auto kept = mj::keep_largest(weights(), candidates, kept_weights() - restored, mj::Scope::layer);
  const auto& layer = problem();
  const mj::RestoreOptions options{norm, mj::Scope::layer, (restored + group_share - 1) / group_share, 1};
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::restore_by_output_effect(layer, kept, candidates, restored, options));
  }
  const auto removed = static_cast<double>(kFilters * kColumns - mj::count_kept(kept));
  const auto rounds = static_cast<double>(group_share);
  set_rate(state, norm == mj::ErrorNorm::l1
                      ? 4.0 * kSamples * rounds * (removed - static_cast<double>(restored) / 2)
                      : 2.0 * kColumns * (kFilters * kColumns + static_cast<double>(restored)));
}
BENCHMARK_CAPTURE(restore, l1_in_10_groups, mj::ErrorNorm::l1, 10)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(restore, l2_in_10_groups, mj::ErrorNorm::l2, 10)->Unit(benchmark::kMillisecond);

void refit_kept(benchmark::State& state) {
  const auto& layer = problem();
  const auto kept = mj::keep_largest(weights(), mj::support_of(weights()), kept_weights(), mj::Scope::filter);
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::refit_kept(layer, kept, 1e-4, 1));
  }
  const double s = kDensity * kColumns;
  set_rate(state, kFilters * (s * s * s / 3 + 4 * s * s));
}
BENCHMARK(refit_kept)->Unit(benchmark::kMillisecond);

// The solvers beside sgemm_baseline. ADMM's flops are those of the iterations that it is held to.
constexpr int64_t kIterations = 30;

void admm(benchmark::State& state) {
  const auto& layer = problem();
  const auto all = mj::support_of(weights());
  const mj::AdmmOptions options{.damping = 1e-4, .max_iterations = kIterations, .threads = 1};
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::choose_support_by_admm(layer, all, kept_weights(), options));
  }
  const double factorizations = 1 + kIterations / 3.0;
  set_rate(state, 2.0 * kIterations * kFilters * kColumns * kColumns +
                      factorizations * kColumns * kColumns * kColumns / 3);
}
BENCHMARK(admm)->Unit(benchmark::kMillisecond);

void exact_obs(benchmark::State& state) {
  const auto& layer = problem();
  const auto all = mj::support_of(weights());
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::removal_orders(layer, all, {.damping = 1e-4, .threads = 1}));
  }
  set_rate(state, mj::exact_obs_flops(kFilters, kColumns));
}
BENCHMARK(exact_obs)->Unit(benchmark::kMillisecond);

void sparse_gpt(benchmark::State& state) {
  const auto& layer = problem();
  const auto all = mj::support_of(weights());
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(
        mj::choose_support_by_sparse_gpt(layer, all, kept_weights(), {.damping = 1e-4, .threads = 1}));
  }
  set_rate(state, 4.0 / 3 * kColumns * kColumns * kColumns + 4.0 * kFilters * kColumns * kColumns);
}
BENCHMARK(sparse_gpt)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  if (argc == 2 && std::string_view(argv[1]) == "--table") {
    return mj::bench::print_table() ? 0 : 1;
  }
  fmt::print("OpenBLAS kernels: {}\n", openblas_get_corename());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
}
