#include <string>
#include <vector>

#include "architectures.h"
#include "graph_builder.h"

namespace zoo {
namespace {

/// Filters of one module of GoogLeNet; "reduced" are those of the 1x1 convolution before (table 1).
struct Module {
  std::string name;
  int64_t single;
  int64_t reduced3;
  int64_t filters3;
  int64_t reduced5;
  int64_t filters5;
  int64_t pooled;
  bool is_followed_by_pool = false;
};

Value googlenet_module(GraphBuilder& net, const Value& x, const Module& sizes) {
  const auto conv = [&](const std::string& name, const Value& input, int64_t filters, int64_t side) {
    return net.relu(net.conv("inception_" + sizes.name + "/" + name, input, {filters, same(side)}));
  };
  const Value single = conv("1x1", x, sizes.single, 1);
  const Value three = conv("3x3", conv("3x3_reduce", x, sizes.reduced3, 1), sizes.filters3, 3);
  const Value five = conv("5x5", conv("5x5_reduce", x, sizes.reduced5, 1), sizes.filters5, 5);
  const Value pooled = conv("pool_proj", net.max_pool(x, same(3)), sizes.pooled, 1);
  return net.concat({single, three, five, pooled});
}

/// One convolution of a tower of Inception-v3.
struct Step {
  int64_t filters;
  Window window;
};

/// Convolutions, each with batch norm and ReLU, one after the other.
Value tower(GraphBuilder& net, const std::string& name, Value x, const std::vector<Step>& steps) {
  int number = 0;
  for (const Step& step : steps) {
    x = net.relu(net.conv_bn(name + "." + std::to_string(++number), x, {step.filters, step.window}));
  }
  return x;
}

Window row(int64_t length) {
  return same(1, length, 1);
}

Window column(int64_t length) {
  return same(length, 1, 1);
}

/// Figure 5 of the paper.
Value module_35(GraphBuilder& net, const std::string& name, const Value& x, int64_t pooled) {
  return net.concat({tower(net, name + ".single", x, {{64, same(1)}}),
                     tower(net, name + ".five", x, {{48, same(1)}, {64, same(5)}}),
                     tower(net, name + ".double", x, {{64, same(1)}, {96, same(3)}, {96, same(3)}}),
                     tower(net, name + ".pooled", net.average_pool(x, same(3)), {{pooled, same(1)}})});
}

/// Figure 6; `inner` is the number of filters inside the factorized 7x7 convolutions.
Value module_17(GraphBuilder& net, const std::string& name, const Value& x, int64_t inner) {
  return net.concat(
      {tower(net, name + ".single", x, {{192, same(1)}}),
       tower(net, name + ".seven", x, {{inner, same(1)}, {inner, row(7)}, {192, column(7)}}),
       tower(net, name + ".double", x,
             {{inner, same(1)}, {inner, column(7)}, {inner, row(7)}, {inner, column(7)}, {192, row(7)}}),
       tower(net, name + ".pooled", net.average_pool(x, same(3)), {{192, same(1)}})});
}

/// Figure 7.
Value module_8(GraphBuilder& net, const std::string& name, const Value& x) {
  const Value three = tower(net, name + ".three", x, {{384, same(1)}});
  const Value twice = tower(net, name + ".double", x, {{448, same(1)}, {384, same(3)}});
  return net.concat({tower(net, name + ".single", x, {{320, same(1)}}),
                     tower(net, name + ".three.row", three, {{384, row(3)}}),
                     tower(net, name + ".three.col", three, {{384, column(3)}}),
                     tower(net, name + ".double.row", twice, {{384, row(3)}}),
                     tower(net, name + ".double.col", twice, {{384, column(3)}}),
                     tower(net, name + ".pooled", net.average_pool(x, same(3)), {{192, same(1)}})});
}

/// From 35 x 35 to 17 x 17 (figure 10).
Value reduce_to_17(GraphBuilder& net, const std::string& name, const Value& x) {
  return net.concat({tower(net, name + ".three", x, {{384, valid(3, 2)}}),
                     tower(net, name + ".double", x, {{64, same(1)}, {96, same(3)}, {96, valid(3, 2)}}),
                     net.max_pool(x, valid(3, 2))});
}

/// From 17 x 17 to 8 x 8.
Value reduce_to_8(GraphBuilder& net, const std::string& name, const Value& x) {
  return net.concat(
      {tower(net, name + ".three", x, {{192, same(1)}, {320, valid(3, 2)}}),
       tower(net, name + ".seven", x, {{192, same(1)}, {192, row(7)}, {192, column(7)}, {192, valid(3, 2)}}),
       net.max_pool(x, valid(3, 2))});
}

}  // namespace

onnx::ModelProto googlenet() {
  GraphBuilder net("googlenet", 224);
  Value x = net.relu(net.conv("conv1/7x7_s2", net.image(), {64, same(7, 2)}));
  x = net.response_norm(net.max_pool(x, rounded_up(3, 2)));
  x = net.relu(net.conv("conv2/3x3_reduce", x, {64, same(1)}));
  x = net.relu(net.conv("conv2/3x3", x, {192, same(3)}));
  x = net.max_pool(net.response_norm(x), rounded_up(3, 2));
  const std::vector<Module> modules{
      {"3a", 64, 96, 128, 16, 32, 32},           {"3b", 128, 128, 192, 32, 96, 64, true},
      {"4a", 192, 96, 208, 16, 48, 64},          {"4b", 160, 112, 224, 24, 64, 64},
      {"4c", 128, 128, 256, 24, 64, 64},         {"4d", 112, 144, 288, 32, 64, 64},
      {"4e", 256, 160, 320, 32, 128, 128, true}, {"5a", 256, 160, 320, 32, 128, 128},
      {"5b", 384, 192, 384, 48, 128, 128}};
  for (const Module& module : modules) {
    x = googlenet_module(net, x, module);
    if (module.is_followed_by_pool) {
      x = net.max_pool(x, rounded_up(3, 2));
    }
  }
  x = net.flatten(net.global_average_pool(x), x.channels);
  return net.finish(net.gemm("loss3/classifier", x, 1000));
}

// Modules have the names that follow "Mixed_" in torchvision.
onnx::ModelProto inception_v3() {
  GraphBuilder net("inception_v3", 299);
  Value x = tower(net, "stem1", net.image(), {{32, valid(3, 2)}, {32, valid(3)}, {64, same(3)}});
  x = tower(net, "stem2", net.max_pool(x, valid(3, 2)), {{80, valid(1)}, {192, valid(3)}});
  x = net.max_pool(x, valid(3, 2));
  x = module_35(net, "5b", x, 32);
  x = module_35(net, "5c", x, 64);
  x = module_35(net, "5d", x, 64);
  x = reduce_to_17(net, "6a", x);
  x = module_17(net, "6b", x, 128);
  x = module_17(net, "6c", x, 160);
  x = module_17(net, "6d", x, 160);
  x = module_17(net, "6e", x, 192);
  x = reduce_to_8(net, "7a", x);
  x = module_8(net, "7b", x);
  x = module_8(net, "7c", x);
  x = net.flatten(net.global_average_pool(x), x.channels);
  return net.finish(net.gemm("fc", x, 1000));
}

}  // namespace zoo
