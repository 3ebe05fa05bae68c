#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "network/tensor.h"

namespace mj {

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                               std::vector<std::string>, Tensor>;

/// An operator of the graph, as in ONNX. Value names are unique in a graph; an absent optional input is "".
struct Node {
  std::string name;
  std::string op;
  std::string domain;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, Attribute, std::less<>> attributes;
};

/// "node 'conv1' (Conv)", for messages.
std::string place_of(const Node& node);

/// The attribute's value; nullptr where the node has none of that name or it is of another type.
template <class T>
const T* find_attribute(const Node& node, std::string_view name) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? nullptr : std::get_if<T>(&found->second);
}

/// A graph input or output.
struct Value {
  std::string name;
  Shape shape;  ///< as declared; -1 where free, empty for a scalar and where nothing is declared
  ElementType type = ElementType::float32;
};

/// The loop nest of a MAC layer: N images, K output and C input channels of one group, P x Q output rows x
/// columns, R x S filter rows x columns. A fully connected layer has P = Q = R = S = 1.
struct LayerShape {
  int64_t n = 1, k = 1, c = 1, p = 1, q = 1, r = 1, s = 1;
  int64_t groups = 1;
  std::array<int64_t, 2> stride{1, 1};      ///< y, x
  std::array<int64_t, 2> dilation{1, 1};    ///< y, x
  int64_t height = 1, width = 1;            ///< of the input map, without padding
  std::array<int64_t, 4> pads{0, 0, 0, 0};  ///< top, left, bottom, right
};

int64_t mac_count(const LayerShape& shape);     ///< for all n images
int64_t weight_count(const LayerShape& shape);  ///< of all groups
int64_t input_count(const LayerShape& shape);   ///< words of the unpadded input maps, all n images
int64_t output_count(const LayerShape& shape);  ///< words of the output maps, all n images
int64_t padded_height(const LayerShape& shape);
int64_t padded_width(const LayerShape& shape);

/// Whether MACs and words of the padded maps are at most 2^53, up to which doubles count exactly.
bool is_countable(const LayerShape& shape);

/// How a layer's weight tensor is laid out.
enum class WeightLayout {
  output_first,  ///< K x (C R S): Conv, Gemm with transB = 1
  input_first,   ///< C x K: MatMul, Gemm with transB = 0
  none           ///< both operands are activations
};

/// A node that multiplies and accumulates: Conv, Gemm or MatMul.
struct MacLayer {
  std::string name;  ///< the node's name, else its output's; unique among the layers
  std::string op;
  std::size_t node = 0;  ///< in Network::nodes
  std::string input;
  std::string weights;  ///< value name of the weight tensor, before any Identity or Transpose on its way
  std::string bias;     ///< value name; empty where there is none. For MatMul the constant of an Add that
                        ///< directly follows
  std::string output;   ///< what the node itself produces
  std::string stored_output;  ///< what goes to memory: `output`, or the value behind the batch norm and
                              ///< activation function fused to it
  WeightLayout layout = WeightLayout::output_first;
  float weight_factor = 1;           ///< by which the node multiplies its product (Gemm's alpha)
  float bias_factor = 1;             ///< and its bias (beta)
  std::string weight_zero_point;     ///< what stands for 0 in quantized weights; empty: 0
  int weight_bits = 0;               ///< of quantized weights; 0: not quantized
  int activation_bits = 0;           ///< of a quantized input; 0: not quantized
  LayerShape shape;                  ///< n is what one image gives (1, but for tokens and the like)
  bool reads_network_input = false;  ///< no MAC layer stands before it
};

/// A classifier as a value: the graph, its constants, and the view of it as MAC layers.
struct Network {
  std::string name;
  std::string file;  ///< where it came from, for messages
  int64_t opset = 17;
  std::vector<Value> inputs;  ///< data inputs: neither initializers nor weights that the file leaves out
  std::vector<Value> outputs;
  std::vector<Node> nodes;  ///< in topological order, without the Constant nodes that are in `constants`
  std::map<std::string, Tensor, std::less<>>
      constants;  ///< initializers and Constant nodes' outputs, by value name
  std::map<std::string, Shape, std::less<>>
      shapes;  ///< of every value whose shape could be inferred, for one image
  std::map<std::string, std::string, std::less<>> metadata;
  std::vector<MacLayer> layers;  ///< in the nodes' order
  std::string envelope;  ///< the file's own bytes without constants, from which write_onnx restores what is
                         ///< not modelled here; may be empty
};

/// Of all layers, for one image.
double mac_count(const Network& network);

/// The shape of any value: a constant's own, else the inferred one; nullptr where it is not known.
const Shape* find_shape(const Network& network, std::string_view value);

/// Derives `layers` from nodes, constants and shapes. ConvTranspose and convolutions over three or more
/// dimensions are no layers. Throws InputError where a MAC node's shape is unknown or contradictory.
void find_mac_layers(Network& network);

}  // namespace mj
