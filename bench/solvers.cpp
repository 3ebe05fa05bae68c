// Times the layer solvers on one layer the size of a 3x3 convolution over 64 channels, one thread. Flop
// counts are the least that the formula needs (a gain takes 4 a sample: multiply, subtract, absolute value,
// add), so that Gflop/s beside the matrix products of the same program says how near each step is to what the
// processor gives. With --table the solvers are compared by their held-out error instead.

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

namespace {

constexpr int64_t kFilters = 64;
constexpr int64_t kColumns = 576;
constexpr int64_t kSamples = 8192;
constexpr double kDensity = .3;
constexpr double kRestored = .2;

mj::Matrix normal_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  mj::Random random(seed);
  mj::Matrix matrix(rows, columns);
  for (auto& value : matrix.values) {
    value = static_cast<float>(random.normal());
  }
  return matrix;
}

mj::Matrix times_transposed(const mj::Matrix& a, const mj::Matrix& b) {
  mj::Matrix product(a.rows, b.rows);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(a.rows), static_cast<int>(b.rows),
              static_cast<int>(a.columns), 1, a.values.data(), static_cast<int>(a.columns), b.values.data(),
              static_cast<int>(a.columns), 0, product.values.data(), static_cast<int>(b.rows));
  return product;
}

// Inputs as after a ReLU: mixtures of hidden causes whose strength falls off, so that the columns correlate.
// With the exponent chosen, magnitude and least squares leave .017, .06 and .22 of the output at sparsities
// .5, .7 and .9.
mj::Matrix correlated_inputs(int64_t samples, uint64_t seed) {
  mj::Matrix mixing = normal_matrix(kColumns, kColumns, 1);
  for (int64_t j = 0; j < kColumns; ++j) {
    for (int64_t k = 0; k < kColumns; ++k) {
      mixing.at(j, k) /= std::pow(static_cast<float>(k + 1), .75F);
    }
  }
  mj::Matrix inputs = times_transposed(normal_matrix(samples, kColumns, seed), mixing);
  for (auto& value : inputs.values) {
    value = std::max(value, 0.0F);
  }
  return inputs;
}

const mj::Matrix& inputs() {
  static const mj::Matrix samples = correlated_inputs(kSamples, 2);
  return samples;
}

const mj::Matrix& weights() {
  static const mj::Matrix values = normal_matrix(kFilters, kColumns, 3);
  return values;
}

const mj::Matrix& outputs() {
  static const mj::Matrix samples = times_transposed(inputs(), weights());
  return samples;
}

const mj::LayerProblem& problem() {
  static const mj::LayerProblem layer =
      mj::make_layer_problem(weights(), inputs(), outputs(), "layer", true, 1);
  return layer;
}

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
BENCHMARK(dgemm_baseline)->Unit(benchmark::kMillisecond)->UseRealTime();

void sgemm_baseline(benchmark::State& state) {
  const auto& x = inputs();
  const auto& w = weights();
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(times_transposed(x, w));
  }
  set_rate(state, 2.0 * kSamples * kColumns * kFilters);
}
BENCHMARK(sgemm_baseline)->Unit(benchmark::kMillisecond)->UseRealTime();

void make_layer_problem(benchmark::State& state) {
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::make_layer_problem(weights(), inputs(), outputs(), "layer", true, 1));
  }
  set_rate(state, 1.0 * kSamples * kColumns * (kColumns + 2 * kFilters));
}
BENCHMARK(make_layer_problem)->Unit(benchmark::kMillisecond)->UseRealTime();

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
BENCHMARK_CAPTURE(restore, l1_in_10_groups, mj::ErrorNorm::l1, 10)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(restore, l2_in_10_groups, mj::ErrorNorm::l2, 10)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void refit_kept(benchmark::State& state) {
  const auto& layer = problem();
  const auto kept = mj::keep_largest(weights(), mj::support_of(weights()), kept_weights(), mj::Scope::filter);
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(mj::refit_kept(layer, kept, 1e-4, 1));
  }
  const double s = kDensity * kColumns;
  set_rate(state, kFilters * (s * s * s / 3 + 4 * s * s));
}
BENCHMARK(refit_kept)->Unit(benchmark::kMillisecond)->UseRealTime();

// Held-out error at equal density after the same refit.
void print_table() {
  constexpr int64_t kHeldOut = 4096;
  constexpr double kDamping = 1e-4;
  const auto others = correlated_inputs(kHeldOut, 4);
  const auto other_outputs = times_transposed(others, weights());
  const auto candidates = mj::support_of(weights());
  const auto print_row = [&](std::string_view method, const auto& choose) {
    fmt::print("{:34}", method);
    const auto start = std::chrono::steady_clock::now();
    for (const double sparsity : {.5, .7, .9}) {
      const auto support = choose(mj::count_at_density(1 - sparsity, kFilters * kColumns));
      const auto refitted = mj::refit_kept(problem(), support, kDamping, 0);
      fmt::print("{:8.4f}", mj::held_out_error(problem(), refitted, others, other_outputs));
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    fmt::print("{:8.2f} s\n", elapsed.count());
  };
  fmt::print("{:34}{:>8}{:>8}{:>8}\n", "relative error at sparsity", .5, .7, .9);
  for (const auto scope : {mj::Scope::filter, mj::Scope::layer}) {
    const auto* where = scope == mj::Scope::filter ? "in each filter" : "over the layer";
    print_row(fmt::format("magnitude, {}", where),
              [&](int64_t keep) { return mj::keep_largest(weights(), candidates, keep, scope); });
    for (const auto norm : {mj::ErrorNorm::l1, mj::ErrorNorm::l2}) {
      const auto* name = norm == mj::ErrorNorm::l1 ? "l1" : "l2";
      print_row(fmt::format("output effect, {}, {}", name, where), [&](int64_t keep) {
        return mj::choose_support(problem(), candidates, keep, {norm, scope, 0, 0});
      });
    }
  }
  print_row("ADMM, over the layer", [&](int64_t keep) {
    return mj::choose_support_by_admm(problem(), candidates, keep, {.damping = kDamping});
  });
}

}  // namespace

int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  if (argc == 2 && std::string_view(argv[1]) == "--table") {
    print_table();
    return 0;
  }
  fmt::print("OpenBLAS kernels: {}\n", openblas_get_corename());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
}
