#include "workflow/prune_network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/files.h"
#include "hardware/accelerator.h"
#include "temporary_folder.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

/// Two rounds and an epoch after the first, two after the second.
PruneJob small_job() {
  PruneJob job{.network = small_network(), .calibration = random_images(60), .calibration_name = "random"};
  job.setting.accelerator = read_accelerator("eyeriss-cvpr17");
  job.setting.workload.weight_bits = job.setting.workload.activation_bits = 16;
  job.options.target.sparsity = 0.5;
  job.options.rounds = 2;
  job.options.final_epochs = 2;
  job.options.recipe.images = 20;
  job.options.training.batch_size = 16;
  return job;
}

using Constants = std::map<std::string, std::vector<float>>;

Constants constants_of(const Network& network) {
  Constants constants;
  for (const auto& [name, tensor] : network.constants) {
    constants[name] = tensor.floats;
  }
  return constants;
}

constexpr double always = std::numeric_limits<double>::infinity();

TEST(PropertyPruneNetwork, EveryStateOfTheFolderLeadsToTheSameNetwork) {
  const TemporaryFolder folder;
  const PruneJob job = small_job();
  const Constants undisturbed = constants_of(prune_network(job, nullptr, {}, {}).network);

  std::vector<fs::path> snapshots;
  std::string last_state;
  const auto keep_snapshot = [&](const Progress&) {
    const auto state = folder.path() / "run" / "state.yaml";
    if (fs::exists(state) && read_file(state) != last_state) {
      last_state = read_file(state);
      snapshots.push_back(folder.path() / fmt::format("snapshot-{}", snapshots.size()));
      fs::copy(folder.path() / "run", snapshots.back());
    }
  };
  RunFolder run(folder.path() / "run", {}, false, always);
  EXPECT_EQ(constants_of(prune_network(job, &run, keep_snapshot, {}).network), undisturbed);
  // The dense network's figures; plan, two layers and an epoch; the round's end; plan, two layers, two
  // epochs.
  EXPECT_GE(snapshots.size(), 9U);
  for (const fs::path& snapshot : snapshots) {
    RunFolder resumed(snapshot, {}, true, always);
    EXPECT_EQ(constants_of(prune_network(job, &resumed, {}, {}).network), undisturbed) << snapshot;
  }
}

}  // namespace
}  // namespace mj
