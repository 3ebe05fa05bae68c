// Rates of the layer solvers beside the sgemm of the same OpenBLAS, on one thread and by processor time: a
// 1024 x 1024 x 1024 product runs after each call, and `of sgemm` is the ratio of the two rates. Flop counts
// are the least that the formula needs, stated at each. Layers: 3x3 convolutions as in ResNet-20 (64 x
// 576), SqueezeNet's last ones (256 x 576), and one of 512 x 1152. With --table the solvers are
// compared by their held-out error instead (solver_table.h).

#include <benchmark/benchmark.h>
#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/environment.h"
#include "prune/admm.h"
#include "prune/channel_elimination.h"
#include "prune/coupling.h"
#include "prune/energy_aware.h"
#include "prune/exact_obs.h"
#include "prune/sparse_gpt.h"
#include "solver_table.h"
#include "synthetic_layer.h"

namespace {

using mj::bench::kSamples;
using mj::bench::SyntheticLayer;

constexpr double kDensity = .3;
constexpr double kRestored = .2;

const SyntheticLayer& layer_of(const benchmark::State& state) {
  return mj::bench::synthetic_layer(state.range(0), state.range(1));
}

int64_t kept_weights(const SyntheticLayer& layer) {
  return mj::count_at_density(kDensity, layer.weights.rows * layer.weights.columns);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void multiply_squares() {
  constexpr int64_t n = 1024;
  static const mj::Matrix a = [] {
    mj::Matrix ones(n, n);
    std::fill(ones.values.begin(), ones.values.end(), 1.0F);
    return ones;
  }();
  benchmark::DoNotOptimize(mj::bench::times_transposed(a, a));
}
constexpr double kFlopsOfSquares = 2.0 * 1024 * 1024 * 1024;

/// @param prepare runs before each call, and is not counted
void measure(
    benchmark::State& state, double flops, const std::function<void()>& work,
    const std::function<void()>& prepare = [] {}) {
  double seconds = 0;
  double beside = 0;
  while (state.KeepRunning()) {
    prepare();
    const double taken = seconds_of(work);
    state.SetIterationTime(taken);
    seconds += taken;
    beside += seconds_of(multiply_squares);
  }
  const auto calls = static_cast<double>(state.iterations());
  state.counters["Gflop/s"] = calls * flops * 1e-9 / seconds;
  state.counters["of sgemm"] = flops / kFlopsOfSquares * beside / seconds;
}

void every_layer(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({64, 576})->Args({256, 576})->Args({512, 1152});
}

/// Without the largest, on which it takes long.
void small_layers(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({64, 576})->Args({256, 576});
}

#define MJ_SOLVER(name) BENCHMARK(name)->Unit(benchmark::kMillisecond)->UseManualTime()

/// The products themselves: n D^2 for half of X^T X, 2 n D M for X^T Y.
void make_layer_problem(benchmark::State& state) {
  const auto& layer = layer_of(state);
  const auto m = static_cast<double>(layer.weights.rows);
  const auto d = static_cast<double>(layer.weights.columns);
  mj::Matrix weights;
  mj::Matrix inputs;
  mj::Matrix outputs;
  measure(
      state, static_cast<double>(kSamples) * d * (d + 2 * m),
      [&] {
        benchmark::DoNotOptimize(mj::make_layer_problem(std::move(weights), std::move(inputs),
                                                        std::move(outputs), "layer", true, 1));
      },
      [&] {
        weights = layer.weights;
        inputs = layer.inputs;
        outputs = layer.outputs;
      });
}
MJ_SOLVER(make_layer_problem)->Apply(every_layer);

/// l1: 4 a gain and sample (multiply, subtract, absolute value, add). l2: X^T R at the start, then a row of H
/// for each weight.
void restore(benchmark::State& state, mj::ErrorNorm norm, int64_t groups) {
  const auto& layer = layer_of(state);
  const auto candidates = mj::support_of(layer.weights);
  const auto restored = static_cast<int64_t>(kRestored * static_cast<double>(kept_weights(layer)));
  const auto kept =
      mj::keep_largest(layer.weights, candidates, kept_weights(layer) - restored, mj::Scope::layer);
  const mj::RestoreOptions options{norm, mj::Scope::layer, (restored + groups - 1) / groups, 1};
  const auto weights = static_cast<double>(std::ssize(layer.weights.values));
  const auto removed = weights - static_cast<double>(mj::count_kept(kept));
  const double flops =
      norm == mj::ErrorNorm::l1
          ? 4.0 * kSamples * static_cast<double>(groups) * (removed - static_cast<double>(restored) / 2)
          : 2 * static_cast<double>(layer.weights.columns) * (weights + static_cast<double>(restored));
  measure(state, flops, [&] {
    benchmark::DoNotOptimize(
        mj::restore_by_output_effect(layer.problem, kept, candidates, restored, options));
  });
}
BENCHMARK_CAPTURE(restore, l1_in_10_groups, mj::ErrorNorm::l1, 10)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Args({64, 576});
BENCHMARK_CAPTURE(restore, l2_in_10_groups, mj::ErrorNorm::l2, 10)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Apply(small_layers);

/// A Cholesky factorization of s x s a row, two solutions by its triangle, and what the present weights give.
void refit_kept(benchmark::State& state) {
  const auto& layer = layer_of(state);
  const auto kept =
      mj::keep_largest(layer.weights, mj::support_of(layer.weights), kept_weights(layer), mj::Scope::filter);
  const double s = kDensity * static_cast<double>(layer.weights.columns);
  measure(state, static_cast<double>(layer.weights.rows) * (s * s * s / 3 + 4 * s * s),
          [&] { benchmark::DoNotOptimize(mj::refit_kept(layer.problem, kept, 1e-4, 1)); });
}
MJ_SOLVER(refit_kept)->Apply(every_layer);

/// Of the iterations that it is held to: two solutions by a triangle in each, a factorization for every
/// third.
void admm(benchmark::State& state) {
  constexpr int iterations = 30;
  const auto& layer = layer_of(state);
  const auto m = static_cast<double>(layer.weights.rows);
  const auto d = static_cast<double>(layer.weights.columns);
  const auto all = mj::support_of(layer.weights);
  const mj::AdmmOptions options{.damping = 1e-4, .max_iterations = iterations, .threads = 1};
  measure(state, 2.0 * iterations * m * d * d + (1 + iterations / 3.0) * d * d * d / 3, [&] {
    benchmark::DoNotOptimize(mj::choose_support_by_admm(layer.problem, all, kept_weights(layer), options));
  });
}
MJ_SOLVER(admm)->Apply(every_layer);

/// With nine tenths of the outputs' own correlations as those of their errors' worth.
mj::LayerProblem coupled(mj::LayerProblem problem) {
  const auto m = static_cast<int>(problem.outputs.columns);
  mj::Matrix products(m, m);
  cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, m, static_cast<int>(problem.outputs.rows), 1,
              problem.outputs.values.data(), m, 0, products.values.data(), m);
  mj::Matrix coupling(m, m);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      const float value = 0.9F * products.at(i, j) / std::sqrt(products.at(i, i) * products.at(j, j));
      coupling.at(i, j) = value;
      coupling.at(j, i) = value;
    }
    coupling.at(i, i) = 1;
  }
  mj::couple(problem, std::move(coupling));
  return problem;
}

/// Outputs whose errors count together: four products in each iteration, with the eigenvectors of both
/// matrices. Finding these is left out of the count.
void coupled_admm(benchmark::State& state) {
  constexpr int iterations = 30;
  const auto& layer = layer_of(state);
  const auto m = static_cast<double>(layer.weights.rows);
  const auto d = static_cast<double>(layer.weights.columns);
  const mj::LayerProblem problem = coupled(layer.problem);
  const auto all = mj::support_of(layer.weights);
  const mj::AdmmOptions options{.damping = 1e-4, .max_iterations = iterations, .threads = 1};
  measure(state, 4.0 * iterations * m * d * (m + d), [&] {
    benchmark::DoNotOptimize(mj::choose_support_by_admm(problem, all, kept_weights(layer), options));
  });
}
MJ_SOLVER(coupled_admm)->Apply(every_layer);

void exact_obs(benchmark::State& state) {
  const auto& layer = layer_of(state);
  const auto all = mj::support_of(layer.weights);
  measure(state, mj::exact_obs_flops(layer.weights.rows, layer.weights.columns), [&] {
    benchmark::DoNotOptimize(mj::removal_orders(layer.problem, all, {.damping = 1e-4, .threads = 1}));
  });
}
MJ_SOLVER(exact_obs)->Apply(small_layers);

/// The factor of the Gram matrix and its inverse, D^3 / 3 each; the dense solution and the sweep, 2 M D^2
/// each.
void sparse_gpt(benchmark::State& state) {
  const auto& layer = layer_of(state);
  const auto m = static_cast<double>(layer.weights.rows);
  const auto d = static_cast<double>(layer.weights.columns);
  const auto all = mj::support_of(layer.weights);
  measure(state, 2.0 / 3 * d * d * d + 4 * m * d * d, [&] {
    benchmark::DoNotOptimize(mj::choose_support_by_sparse_gpt(layer.problem, all, kept_weights(layer),
                                                              {.damping = 1e-4, .threads = 1}));
  });
}
MJ_SOLVER(sparse_gpt)->Apply(every_layer);

/// Channels of 3 x 3 columns, 5/8 of which go, k columns: the inverse D^3, its rows that are asked for k^2 D,
/// the weights 2 M k D, and how much each channel that is left would be missed, 9 M D for the mean of 11/16.
void elimination_order(benchmark::State& state) {
  const auto& layer = layer_of(state);
  const auto m = static_cast<double>(layer.weights.rows);
  const auto d = static_cast<double>(layer.weights.columns);
  constexpr int64_t window = 9;
  const int64_t channels = layer.weights.columns / window;
  const int64_t gone = channels * 5 / 8;
  const auto k = static_cast<double>(gone * window);
  const std::vector<mj::ChannelInputs> reader{{&layer.problem, {0}, window, layer.problem.output_power}};
  const double misses = static_cast<double>(gone) * 11 / 16 * window * m * d;
  measure(state, d * d * d + k * k * d + 2 * m * k * d + misses,
          [&] { benchmark::DoNotOptimize(mj::elimination_order(reader, channels, gone, 1e-3, 1)); });
}
MJ_SOLVER(elimination_order)->Apply(every_layer);

}  // namespace

int main(int argc, char** argv) {
  mj::cli::choose_math_kernels(argv);
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
