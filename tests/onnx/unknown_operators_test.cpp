#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/model_builder.h"

namespace mj {
namespace {

using testing::ElementsAre;

/// A convolution behind an operator that nobody knows.
ModelBuilder with_unknown_operator(int64_t channels) {
  ModelBuilder builder;
  builder.input("x", {-1, 2, 6, 6}).output("z", {}).weights("w", {3, channels, 1, 1});
  builder.node("Frobnicate", {"x"}, "y", "unknown").node("Conv", {"y", "w"}, "z", "conv");
  return builder;
}

TEST(UnitUnknownOperators, LeaveShapesAsTheyAre) {
  const TemporaryFolder folder;
  const Network network = read_model(folder, with_unknown_operator(2).model);
  ASSERT_EQ(network.layers.size(), 1U);
  EXPECT_THAT(*find_shape(network, "z"), ElementsAre(1, 3, 6, 6));
}

TEST(UnitUnknownOperators, GiveWhatTheFileDeclares) {
  const TemporaryFolder folder;
  ModelBuilder builder = with_unknown_operator(4);
  onnx::ValueInfoProto& value = *builder.model.mutable_graph()->add_value_info();
  value.set_name("y");
  for (const int64_t size : {1, 4, 3, 3}) {
    value.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(size);
  }
  EXPECT_THAT(*find_shape(read_model(folder, builder.model), "z"), ElementsAre(1, 3, 3, 3));
}

// Four input channels cannot be the two that stand before the unknown operator.
TEST(ErrorsUnknownOperators, AShapeThatCannotBeThatIsUnknown) {
  EXPECT_EQ(message_of(with_unknown_operator(4).model.SerializeAsString()),
            "net.onnx: node 'conv' (Conv): reads 'y', whose size is not known; the model must fix it");
}

}  // namespace
}  // namespace mj
