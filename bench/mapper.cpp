// Times of the loop-nest search, one thread: on the layers of the reference folder beside Timeloop's and an
// annealing's best, and ResNet-50 on each preset.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "reference_nests.h"
#include "search/map_layers.h"

namespace {

/// Of the process: others may share the machine.
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Theirs: the sum of its runs' processor time.
double theirs(const mj::Document& data) {
  double seconds = 0;
  if (const mj::Document* runs = data.find("runs")) {
    for (const mj::Document& run : runs->items) {
      seconds += reference::number(run, "cpu_seconds");
    }
  }
  return seconds;
}

void print_reference(mj::Counting counting, const mj::NestOptions& options) {
  const auto accelerators = reference::accelerators(false);
  std::vector<double> times;
  fmt::print(
      "| layer | ours | Timeloop | annealed | ours, ms | Timeloop, s | nests stood for | looked at |\n");
  fmt::print("|---|---|---|---|---|---|---|---|\n");
  for (const reference::Case& each : reference::cases("timeloop_mapper.json")) {
    const mj::Accelerator& accelerator = accelerators.at(each.architecture);
    mj::NestProblem problem;
    problem.shape = reference::shape(reference::at(each.data, "shape"));
    problem.levels = accelerator.levels;
    problem.prices = mj::plain_prices(accelerator, static_cast<double>(mac_count(problem.shape)));
    problem.counting = counting;
    problem.tiling = options.tiling;
    const double start = processor_seconds();
    const auto found = mj::search_nest(problem, {.seconds = options.seconds});
    times.push_back(1e3 * (processor_seconds() - start));
    const double macs = static_cast<double>(mac_count(problem.shape));
    const mj::Document* annealed = each.data.find("annealed");
    fmt::print(
        "| {} | {:.4f} | {:.4f} | {} | {:.1f} | {:.0f} | {:.1e} | {:.0f} |\n", each.name,
        found->energy / macs, reference::number(each.data, "energy") / macs,
        annealed == nullptr ? "-" : fmt::format("{:.4f}", reference::number(*annealed, "energy") / macs),
        times.back(), theirs(each.data), found->candidates, found->looked_at);
    if (!found->is_proven) {
      fmt::print("  at most {:.2f} % above the optimum\n", 100 * (found->value / found->bound - 1));
    }
  }
  std::sort(times.begin(), times.end());
  fmt::print("\nmedian {:.1f} ms, most {:.1f} ms\n\n", times[times.size() / 2], times.back());
}

/// ResNet-50's convolutions and last layer, each shape once.
std::vector<mj::LayerShape> resnet50() {
  std::vector<mj::LayerShape> shapes;
  const auto add = [&](int64_t k, int64_t c, int64_t p, int64_t r, int64_t stride) {
    mj::LayerShape shape;
    shape.k = k;
    shape.c = c;
    shape.p = shape.q = p;
    shape.r = shape.s = r;
    shape.stride = {stride, stride};
    shape.height = shape.width = (p - 1) * stride + r;
    shapes.push_back(shape);
  };
  add(64, 3, 112, 7, 2);
  int64_t in = 64;
  for (const int64_t width : {64, 128, 256, 512}) {
    const int64_t map = 3584 / width;
    const int64_t stride = width == 64 ? 1 : 2;
    add(width, in, map, 1, stride);
    add(4 * width, in, map, 1, stride);
    add(width, width, map, 3, 1);
    add(4 * width, width, map, 1, 1);
    add(width, 4 * width, map, 1, 1);
    in = 4 * width;
  }
  add(1000, 2048, 1, 1, 1);
  return shapes;
}

void print_presets(const std::string& only, const mj::NestOptions& options) {
  for (const std::string& name : mj::preset_names()) {
    const mj::Accelerator accelerator = mj::read_accelerator(name);
    if (!accelerator.dataflow.empty() || (!only.empty() && name != only)) {
      continue;
    }
    const double start = processor_seconds();
    double slowest = 0;
    bool proven = true;
    for (const mj::LayerShape& shape : resnet50()) {
      mj::Workload workload;
      workload.shape = shape;
      workload.weight_bits = workload.activation_bits = accelerator.word_bits;
      workload.nonzero_macs = workload.nonzero_input_macs = workload.nonzero_weight_macs =
          static_cast<double>(mac_count(shape));
      const double begin = processor_seconds();
      const auto found =
          mj::search_nest(mj::nest_problem(workload, accelerator, options), {.seconds = options.seconds});
      slowest = std::max(slowest, processor_seconds() - begin);
      proven = proven && found->is_proven;
    }
    fmt::print("{}: ResNet-50 in {:.2f} s, slowest layer {:.2f} s{}\n", name, processor_seconds() - start,
               slowest, proven ? "" : ", not all proven");
  }
}

}  // namespace

/// mapper [--layers] [--presets [NAME]] [--exact] [--any] [--latency] [--seconds N]
int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  mj::NestOptions options;
  const auto limit = std::find(words.begin(), words.end(), "--seconds");
  options.seconds = limit == words.end() || limit + 1 == words.end() ? 20 : std::stod(*(limit + 1));
  options.objective = has("--latency") ? mj::Objective::latency : mj::Objective::energy;
  options.tiling = has("--any") ? mj::Tiling::any : mj::Tiling::divisors;
  const auto at = std::find(words.begin(), words.end(), "--presets");
  if (at == words.end()) {
    print_reference(has("--exact") || has("--any") ? mj::Counting::exact : mj::Counting::timeloop, options);
  } else {
    print_presets(at + 1 == words.end() || (at + 1)->starts_with("--") ? "" : *(at + 1), options);
  }
  return 0;
}
