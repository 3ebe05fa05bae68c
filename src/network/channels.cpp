#include "network/channels.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "network/weights.h"

namespace mj {
namespace {

/// Which places of a dimension stay.
using Kept = std::vector<bool>;

struct AxisOf {
  std::string constant;
  std::size_t axis = 0;
  bool operator<(const AxisOf& other) const {
    return std::tie(constant, axis) < std::tie(other.constant, other.axis);
  }
};

Tensor take(const Tensor& tensor, std::size_t axis, const Kept& kept) {
  int64_t inner = 1;
  for (std::size_t i = axis + 1; i < tensor.shape.size(); ++i) {
    inner *= tensor.shape[i];
  }
  Tensor result{.type = tensor.type, .shape = tensor.shape};
  result.shape[axis] = std::count(kept.begin(), kept.end(), true);
  const int64_t outer = static_cast<int64_t>(tensor.floats.size()) / (inner * std::ssize(kept));
  const float* from = tensor.floats.data();
  for (int64_t i = 0; i < outer; ++i) {
    for (const bool stays : kept) {
      if (stays) {
        result.floats.insert(result.floats.end(), from, from + inner);
      }
      from += inner;
    }
  }
  return result;
}

/// Places of a channel in a row of places, as not kept.
void drop(Kept& kept, int64_t first, int64_t repeat, const std::vector<int64_t>& channels) {
  for (const int64_t channel : channels) {
    const auto start = kept.begin() + first + channel * repeat;
    std::fill(start, start + repeat, false);
  }
}

std::map<AxisOf, Kept> kept_places(const Network& network, const std::vector<ChannelGroup>& groups,
                                   const std::vector<std::vector<int64_t>>& channels) {
  std::map<AxisOf, Kept> kept;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (channels[g].empty()) {
      continue;
    }
    for (const ChannelPlace& place : groups[g].places) {
      const Tensor& tensor = network.constants.find(place.constant)->second;
      Kept& places = kept[{place.constant, place.axis}];
      places.resize(static_cast<std::size_t>(tensor.shape[place.axis]), true);
      drop(places, place.first, place.repeat, channels[g]);
    }
  }
  return kept;
}

/// A depthwise convolution has as many groups as channels.
void count_depthwise(Network& network, const std::vector<ChannelGroup>& groups) {
  for (const ChannelGroup& group : groups) {
    for (const std::size_t layer : group.depthwise) {
      const MacLayer& mac = network.layers[layer];
      network.nodes[mac.node].attributes.insert_or_assign(
          "group", network.constants.find(mac.weights)->second.shape[0]);
    }
  }
}

std::vector<double> take(const std::vector<double>& values, const Kept& kept) {
  const std::size_t each = values.size() / kept.size();
  std::vector<double> result;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) {
      result.insert(result.end(), values.begin() + static_cast<std::ptrdiff_t>(i * each),
                    values.begin() + static_cast<std::ptrdiff_t>((i + 1) * each));
    }
  }
  return result;
}

double share(const Kept& kept) {
  return static_cast<double>(std::count(kept.begin(), kept.end(), true)) / static_cast<double>(kept.size());
}

void scale(ZeroRuns& runs, double factor) {
  for (double& entries : runs.overflow) {
    entries *= factor;
  }
}

KeptChannels all_channels(const MacLayer& layer) {
  return {Kept(static_cast<std::size_t>(layer.shape.groups * layer.shape.c), true),
          Kept(static_cast<std::size_t>(layer.shape.groups * layer.shape.k), true)};
}

/// Where the group's channels stand in a layer's weights.
std::vector<ChannelPlace> places_in(const ChannelGroup& group, const MacLayer& layer) {
  std::vector<ChannelPlace> places;
  std::copy_if(group.places.begin(), group.places.end(), std::back_inserter(places),
               [&](const ChannelPlace& place) { return place.constant == layer.weights; });
  return places;
}

/// Sets rows of a layer's weight matrix to zero.
void clear_rows(Network& network, const MacLayer& layer, const ChannelPlace& place,
                const std::vector<int64_t>& channels) {
  Matrix weights = weight_matrix(network, layer);
  for (const int64_t channel : channels) {
    float* first = weights.row(place.first + channel * place.repeat);
    std::fill(first, first + place.repeat * weights.columns, 0.0F);
  }
  set_weight_matrix(network, layer, weights);
}

/// Columns of a reader's weight matrix that belong to a channel.
std::pair<int64_t, int64_t> columns_of(const MacLayer& layer, const ChannelReader& reader, int64_t channel) {
  const int64_t taps = layer.shape.r * layer.shape.s;
  const int64_t first = (reader.first + channel * reader.repeat) * taps;
  return {first, first + reader.repeat * taps};
}

}  // namespace

std::size_t first_reader(const ChannelGroup& group) {
  return std::min_element(group.readers.begin(), group.readers.end(),
                          [](const auto& a, const auto& b) { return a.layer < b.layer; })
      ->layer;
}

std::vector<std::vector<int64_t>> unread_channels(const Network& network,
                                                  const std::vector<ChannelGroup>& groups) {
  std::vector<std::vector<int64_t>> unread;
  for (const ChannelGroup& group : groups) {
    std::vector<bool> is_read(static_cast<std::size_t>(group.channels), false);
    for (const ChannelReader& reader : group.readers) {
      const MacLayer& layer = network.layers[reader.layer];
      const Matrix weights = weight_matrix(network, layer);
      const std::vector<int64_t> rows_with = nonzeros_by_tap(weights, 1);
      for (int64_t channel = 0; channel < group.channels; ++channel) {
        const auto [first, end] = columns_of(layer, reader, channel);
        const bool reads = std::any_of(rows_with.begin() + first, rows_with.begin() + end,
                                       [](int64_t rows) { return rows > 0; });
        is_read[static_cast<std::size_t>(channel)] = is_read[static_cast<std::size_t>(channel)] || reads;
      }
    }
    std::vector<int64_t>& channels = unread.emplace_back();
    for (int64_t channel = 0; channel < group.channels; ++channel) {
      if (!is_read[static_cast<std::size_t>(channel)]) {
        channels.push_back(channel);
      }
    }
    if (std::ssize(channels) == group.channels) {
      channels.erase(channels.begin());
    }
  }
  return unread;
}

void clear_channels(Network& network, const ChannelGroup& group, const std::vector<int64_t>& channels) {
  for (const ChannelReader& reader : group.readers) {
    const MacLayer& layer = network.layers[reader.layer];
    Matrix weights = weight_matrix(network, layer);
    for (const int64_t channel : channels) {
      const auto [first, end] = columns_of(layer, reader, channel);
      for (int64_t i = 0; i < weights.rows; ++i) {
        std::fill(weights.row(i) + first, weights.row(i) + end, 0.0F);
      }
    }
    set_weight_matrix(network, layer, weights);
  }
  for (const std::size_t giver : group.givers) {
    clear_rows(network, network.layers[giver], {}, channels);
  }
  for (const std::size_t layer : group.depthwise) {
    for (const ChannelPlace& place : places_in(group, network.layers[layer])) {
      clear_rows(network, network.layers[layer], place, channels);
    }
  }
}

Network without_channels(const Network& network, const std::vector<ChannelGroup>& groups,
                         const std::vector<std::vector<int64_t>>& channels) {
  Network smaller = network;
  for (const auto& [place, kept] : kept_places(network, groups, channels)) {
    Tensor& tensor = smaller.constants.find(place.constant)->second;
    tensor = take(tensor, place.axis, kept);
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ensure(std::ssize(channels[g]) < groups[g].channels, "a group keeps a channel");
    for (const ChannelCount& count : groups[g].counts) {
      smaller.constants.find(count.constant)->second.integers[count.index] -=
          count.repeat * std::ssize(channels[g]);
    }
  }
  count_depthwise(smaller, groups);
  return smaller;
}

LayerAlone layer_alone(const Network& network, std::size_t layer, const ActivationStats& stats) {
  return layer_alone(network, layer, stats, all_channels(network.layers[layer]));
}

std::vector<KeptChannels> kept_channels(const Network& network, const std::vector<ChannelGroup>& groups,
                                        const std::vector<std::vector<int64_t>>& channels) {
  std::vector<KeptChannels> kept;
  for (const MacLayer& layer : network.layers) {
    kept.push_back(all_channels(layer));
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const ChannelReader& reader : groups[g].readers) {
      drop(kept[reader.layer].inputs, reader.first, reader.repeat, channels[g]);
    }
    for (const std::size_t giver : groups[g].givers) {
      drop(kept[giver].outputs, 0, 1, channels[g]);
    }
    for (const std::size_t layer : groups[g].depthwise) {
      for (const ChannelPlace& place : places_in(groups[g], network.layers[layer])) {
        drop(kept[layer].inputs, place.first, place.repeat, channels[g]);
        drop(kept[layer].outputs, place.first, place.repeat, channels[g]);
      }
    }
  }
  return kept;
}

LayerAlone layer_alone(const Network& network, std::size_t layer, const ActivationStats& stats,
                       const KeptChannels& kept) {
  LayerAlone alone;
  MacLayer mac = network.layers[layer];
  LayerShape& shape = mac.shape;
  if (has_weights(network, mac)) {
    const int64_t taps = shape.r * shape.s;
    const int64_t each = shape.groups == 1 ? taps : 1;
    const Matrix weights = weight_matrix(network, mac);
    Tensor values{.shape = {weights.rows, weights.columns / each, each}};
    values.floats = weights.values;
    values = take(values, 0, kept.outputs);
    if (shape.groups == 1) {
      values = take(values, 1, kept.inputs);
    }
    (shape.groups == 1 ? shape.k : shape.groups) = values.shape[0] / (shape.groups == 1 ? 1 : shape.k);
    shape.c = shape.groups == 1 ? values.shape[1] : shape.c;
    mac.layout = WeightLayout::output_first;
    alone.network.constants.emplace(mac.weights, std::move(values));
  } else if (const auto found = network.constants.find(mac.weights); found != network.constants.end()) {
    alone.network.constants.insert(*found);
    if (const auto zero = network.constants.find(mac.weight_zero_point); zero != network.constants.end()) {
      alone.network.constants.insert(*zero);
    }
  }
  alone.network.file = network.file;
  alone.network.layers = {std::move(mac)};
  alone.stats.images = stats.images;
  LayerActivations activations = stats.layers[layer];
  activations.tap_nonzeros = take(activations.tap_nonzeros, kept.inputs);
  activations.input_channel_nonzeros = take(activations.input_channel_nonzeros, kept.inputs);
  activations.output_channel_nonzeros = take(activations.output_channel_nonzeros, kept.outputs);
  scale(activations.input_runs, share(kept.inputs));
  scale(activations.output_runs, share(kept.outputs));
  alone.stats.layers = {std::move(activations)};
  return alone;
}

}  // namespace mj
