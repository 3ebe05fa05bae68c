#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/model_builder.h"

namespace mj {
namespace {

using testing::ElementsAre;

/// A convolution behind the value, so that its shape is needed.
Shape shape_before_layer(ModelBuilder& builder, const std::string& value, int64_t channels) {
  builder.weights("filters", {1, channels, 1, 1}).node("Conv", {value, "filters"}, "y", "conv");
  builder.output("y", {});
  const TemporaryFolder folder;
  return *find_shape(read_model(folder, builder.model), value);
}

// x.view(n, 2, c // 2, h, w) and back, as exporters write a channel shuffle: 6 channels in two groups of 3.
TEST(UnitShapeArithmetic, AShapeThatIsDividedIsFolded) {
  ModelBuilder builder;
  builder.input("x", {-1, 6, 4, 5}).integers("two", {2}).integers("one", {1}).integers("ends", {4});
  builder.node("Shape", {"x"}, "sizes").node("Gather", {"sizes", "one"}, "channels");
  builder.node("Div", {"channels", "two"}, "in_group").integers("zero", {0});
  builder.node("Gather", {"sizes", "zero"}, "batch").node("Slice", {"sizes", "two", "ends"}, "map");
  builder.node("Concat", {"batch", "two", "in_group", "map"}, "target");
  builder.integer_attribute("axis", 0);
  builder.node("Reshape", {"x", "target"}, "groups").node("Reshape", {"groups", "sizes"}, "again");
  EXPECT_THAT(shape_before_layer(builder, "again", 6), ElementsAre(1, 6, 4, 5));
}

// floor(1.5 * (4, 5)) = (6, 7), computed in floats as frameworks do it for interpolation.
TEST(UnitShapeArithmetic, SizesComputedInFloatsAreFolded) {
  ModelBuilder builder;
  builder.input("x", {-1, 3, 4, 5}).integers("two", {2}).integers("zero", {0}).integers("four", {4});
  builder.initializer("factor", {}, onnx::TensorProto::FLOAT).add_float_data(1.5F);
  const auto cast = [&](const std::string& from, const std::string& to, int type) {
    builder.node("Cast", {from}, to).integer_attribute("to", type);
  };
  builder.node("Shape", {"x"}, "sizes").node("Slice", {"sizes", "two", "four"}, "map");
  cast("map", "map_floats", onnx::TensorProto::FLOAT);
  builder.node("Mul", {"map_floats", "factor"}, "larger").node("Floor", {"larger"}, "whole");
  cast("whole", "new_map", onnx::TensorProto::INT64);
  builder.node("Slice", {"sizes", "zero", "two"}, "outer").node("Concat", {"outer", "new_map"}, "new_sizes");
  builder.integer_attribute("axis", 0);
  builder.node("Resize", {"x", "", "", "new_sizes"}, "resized");
  EXPECT_THAT(shape_before_layer(builder, "resized", 3), ElementsAre(1, 3, 6, 7));
}

// What exporters write for x.expand(-1, 3, -1, -1): -1 is replaced by 1 through Equal and Where.
TEST(UnitShapeArithmetic, AnExpandedShapeIsFolded) {
  ModelBuilder builder;
  builder.input("x", {-1, 1, 2, 2}).integers("wanted", {-1, 3, -1, -1}).integers("rank", {4});
  builder.integers("minus_one", {-1}).node("ConstantOfShape", {"rank"}, "ones");
  onnx::AttributeProto& value = *builder.last_node().add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  value.mutable_t()->set_data_type(onnx::TensorProto::INT64);
  value.mutable_t()->add_dims(1);
  value.mutable_t()->add_int64_data(1);
  builder.node("Equal", {"wanted", "minus_one"}, "is_free")
      .node("Where", {"is_free", "ones", "wanted"}, "target");
  builder.node("Expand", {"x", "target"}, "expanded");
  EXPECT_THAT(shape_before_layer(builder, "expanded", 3), ElementsAre(1, 3, 2, 2));
}

}  // namespace
}  // namespace mj
