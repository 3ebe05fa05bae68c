#include "workflow/written_network.h"

#include <gtest/gtest.h>

#include "hardware/accelerator.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "temporary_folder.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

/// Of the convolution's four channels nothing reads the third.
Network with_an_unread_channel() {
  Network network = small_network();
  clear_channels(network, find_channel_groups(network).at(0), {2});
  return network;
}

TEST(UnitWrittenNetwork, UnreadChannelsAreLeftOut) {
  const PruneJob job = small_job();
  const PruneContext context = open_context(job, nullptr, {}, {});
  const WrittenNetwork written = network_to_write(context, with_an_unread_channel());
  EXPECT_NE(written.session, nullptr);
  EXPECT_EQ(written.network.constants.at("conv.weight").shape, (Shape{3, 2, 3, 3}));
  EXPECT_EQ(written.network.constants.at("conv.bias").shape, (Shape{3}));
  EXPECT_EQ(written.network.constants.at("fc.weight").shape, (Shape{3, 3 * 36}));
  EXPECT_EQ(written.network.layers[1].shape.c, 3 * 36);
  EXPECT_EQ(written.kept[0].outputs, (std::vector<bool>{true, true, false, true}));
}

TEST(UnitWrittenNetwork, WithoutTheOptionEveryChannelStays) {
  PruneJob job = small_job();
  job.options.channels = false;
  const PruneContext context = open_context(job, nullptr, {}, {});
  const WrittenNetwork written = network_to_write(context, with_an_unread_channel());
  EXPECT_EQ(written.session, nullptr);
  EXPECT_EQ(written.network.constants.at("conv.weight").shape, (Shape{4, 2, 3, 3}));
}

TEST(UnitWrittenNetwork, WhereZerosCountOrALayerIsLimitedEveryChannelStays) {
  PruneJob zeros = small_job();
  zeros.options.target.sparsity = 0.5;
  PruneJob kept = small_job();
  kept.options.limits = {{"conv", 0}};
  PruneJob limited = small_job();
  limited.options.limits = {{"fc", 0.7}};
  for (const PruneJob& job : {zeros, kept, limited}) {
    const PruneContext context = open_context(job, nullptr, {}, {});
    EXPECT_EQ(network_to_write(context, with_an_unread_channel()).session, nullptr);
  }
}

// By hand: the convolution has lost 18 of its 72 weights, the matrix 3 x 36 of its 432; a filter of the
// channel that is left by itself counts no more.
TEST(UnitWrittenNetwork, ItsWeightsAreThoseOfTheFile) {
  const PruneJob job = small_job();
  PruneContext context = open_context(job, nullptr, {}, {});
  Network pruned = with_an_unread_channel();
  EXPECT_EQ(measure(context, pruned, "pruned").nonzero_weights, 54 + 324);
  pruned.constants.at("conv.weight").floats[2 * 18] = 1;
  EXPECT_EQ(measure(context, pruned, "pruned").nonzero_weights, 54 + 324);
}

TEST(UnitWrittenNetwork, ANetworkWhoseChannelsAreAllReadIsWrittenAsItIs) {
  const PruneJob job = small_job();
  const PruneContext context = open_context(job, nullptr, {}, {});
  const WrittenNetwork written = network_to_write(context, job.network);
  EXPECT_EQ(written.session, nullptr);
  EXPECT_EQ(written.network.constants.at("conv.weight").floats,
            job.network.constants.at("conv.weight").floats);
}

// What stands in the result is what anybody finds who estimates the file on the same images.
TEST(PropertyWrittenNetwork, ItsEnergyIsThatOfTheFile) {
  const PruneJob job = small_job();
  PruneContext context = open_context(job, nullptr, {}, {});
  const Network pruned = with_an_unread_channel();
  const Measured measured = measure(context, pruned, "pruned");
  const double stated =
      total_energy(estimate_written(context, network_to_write(context, pruned), measured.stats, "pruned"))
          .value;
  EXPECT_EQ(measured.energy, stated);
  const TemporaryFolder folder;
  write_onnx(network_to_write(context, pruned).network, folder.path() / "small.onnx");
  const Network read = read_onnx(folder.path() / "small.onnx");
  const ActivationStats stats = open_session(read, {})->measure_activations(context.statistics, {}, {});
  EXPECT_NEAR(stated, total_energy(estimate_network(read, stats, job.setting)).value, 1e-9 * stated);
  EXPECT_LT(stated, total_energy(estimate_network(pruned, measured.stats, job.setting)).value);
}

}  // namespace
}  // namespace mj
