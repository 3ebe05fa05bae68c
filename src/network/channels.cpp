#include "network/channels.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/huge_pages.h"
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
  reserve_in_huge_pages(result.floats, static_cast<std::size_t>(outer * result.shape[axis] * inner));
  const float* from = tensor.floats.data();
  for (int64_t i = 0; i < outer; ++i, from += inner * std::ssize(kept)) {
    for (auto first = kept.begin(); first != kept.end();) {
      const auto end = std::find(first, kept.end(), !*first);
      if (*first) {
        result.floats.insert(result.floats.end(), from + inner * (first - kept.begin()),
                             from + inner * (end - kept.begin()));
      }
      first = end;
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

/// Of convolutions that lost whole groups.
void count_groups(Network& network, const std::vector<ChannelGroup>& groups) {
  for (const ChannelGroup& group : groups) {
    for (const std::size_t layer : group.grouped) {
      const MacLayer& mac = network.layers[layer];
      network.nodes[mac.node].attributes.insert_or_assign(
          "group", network.constants.find(mac.weights)->second.shape[0] / mac.shape.k);
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

/// Where the group's channels stand among the filters of a convolution that passes them on.
std::vector<LayerChannels> filters_of(const ChannelGroup& group, const Network& network, std::size_t layer) {
  std::vector<LayerChannels> filters;
  for (const ChannelPlace& place : group.places) {
    if (place.constant == network.layers[layer].weights) {
      filters.push_back({layer, place.first, place.repeat});
    }
  }
  return filters;
}

/// Sets rows of a layer's weight matrix to zero.
void clear_rows(Network& network, const LayerChannels& rows, const std::vector<int64_t>& channels) {
  const MacLayer& layer = network.layers[rows.layer];
  Matrix weights = weight_matrix(network, layer);
  for (const int64_t channel : channels) {
    float* first = weights.row(rows.first + channel * rows.repeat);
    std::fill(first, first + rows.repeat * weights.columns, 0.0F);
  }
  set_weight_matrix(network, layer, weights);
}

/// What nonzeros_by_tap has of a channel.
std::pair<int64_t, int64_t> taps_of(const LayerShape& shape, const LayerChannels& reader, int64_t channel) {
  const int64_t taps = shape.r * shape.s;
  const int64_t first = (reader.first + channel * reader.repeat) * taps;
  return {first, first + reader.repeat * taps};
}

/// Notes which of the group's channels a layer has weights for.
void note_read(const Network& network, const ChannelGroup& group, std::size_t layer,
               std::vector<bool>& is_read) {
  const MacLayer& mac = network.layers[layer];
  const std::vector<int64_t> nonzeros = nonzeros_by_tap(weight_matrix(network, mac), mac.shape.groups);
  for (const LayerChannels& reader : group.readers) {
    for (int64_t channel = 0; reader.layer == layer && channel < group.channels; ++channel) {
      const auto [first, end] = taps_of(mac.shape, reader, channel);
      if (std::any_of(nonzeros.begin() + first, nonzeros.begin() + end,
                      [](int64_t rows) { return rows > 0; })) {
        is_read[static_cast<std::size_t>(channel)] = true;
      }
    }
  }
}

/// Sets the weights that a layer has for channels that it reads to zero.
void clear_columns(Network& network, const ChannelGroup& group, std::size_t layer,
                   const std::vector<int64_t>& channels) {
  const MacLayer& mac = network.layers[layer];
  Matrix weights = weight_matrix(network, mac);
  for (const LayerChannels& reader : group.readers) {
    if (reader.layer != layer) {
      continue;
    }
    const int64_t of_group = reader.first / mac.shape.c;
    for (const int64_t channel : channels) {
      const auto [first, end] = taps_of(mac.shape, reader, channel);
      const int64_t before = of_group * weights.columns;
      for (int64_t i = of_group * mac.shape.k; i < (of_group + 1) * mac.shape.k; ++i) {
        std::fill(weights.row(i) + first - before, weights.row(i) + end - before, 0.0F);
      }
    }
  }
  set_weight_matrix(network, mac, weights);
}

/// The shape and weights of a layer with the channels that stay.
void shrink(MacLayer& layer, Tensor& values, const KeptChannels& kept) {
  LayerShape& shape = layer.shape;
  const auto inputs_of = [&](int64_t group) {
    const auto first = kept.inputs.begin() + group * shape.c;
    return Kept(first, first + shape.c);
  };
  int64_t groups = 0;
  Kept inputs;
  for (int64_t group = 0; group < shape.groups; ++group) {
    const auto first = kept.outputs.begin() + group * shape.k;
    if (std::find(first, first + shape.k, true) != first + shape.k) {
      inputs = groups++ == 0 ? inputs_of(group) : inputs;
    }
  }
  values = take(take(values, 0, kept.outputs), 1, inputs);
  shape.groups = groups;
  shape.k = values.shape[0] / groups;
  shape.c = values.shape[1];
}

}  // namespace

std::set<std::size_t> layers_of(const std::vector<LayerChannels>& channels) {
  std::set<std::size_t> layers;
  for (const LayerChannels& each : channels) {
    layers.insert(each.layer);
  }
  return layers;
}

std::set<std::size_t> layers_with(const ChannelGroup& group) {
  std::set<std::size_t> layers(group.grouped.begin(), group.grouped.end());
  layers.merge(layers_of(group.givers));
  layers.merge(layers_of(group.readers));
  return layers;
}

std::vector<std::vector<int64_t>> unread_channels(const Network& network,
                                                  const std::vector<ChannelGroup>& groups) {
  std::vector<std::vector<int64_t>> unread;
  for (const ChannelGroup& group : groups) {
    std::vector<bool> is_read(static_cast<std::size_t>(group.channels), false);
    for (const std::size_t layer : layers_of(group.readers)) {
      note_read(network, group, layer, is_read);
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
  for (const std::size_t layer : layers_of(group.readers)) {
    clear_columns(network, group, layer, channels);
  }
  for (const LayerChannels& giver : group.givers) {
    clear_rows(network, giver, channels);
  }
  for (const std::size_t layer : group.grouped) {
    for (const LayerChannels& filters : filters_of(group, network, layer)) {
      clear_rows(network, filters, channels);
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
  count_groups(smaller, groups);
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
    for (const LayerChannels& reader : groups[g].readers) {
      drop(kept[reader.layer].inputs, reader.first, reader.repeat, channels[g]);
    }
    for (const LayerChannels& giver : groups[g].givers) {
      drop(kept[giver.layer].outputs, giver.first, giver.repeat, channels[g]);
    }
    for (const std::size_t layer : groups[g].grouped) {
      const LayerShape& shape = network.layers[layer].shape;
      for (const LayerChannels& filters : filters_of(groups[g], network, layer)) {
        drop(kept[layer].inputs, filters.first / shape.k * shape.c, filters.repeat / shape.k * shape.c,
             channels[g]);
        drop(kept[layer].outputs, filters.first, filters.repeat, channels[g]);
      }
    }
  }
  return kept;
}

LayerAlone layer_alone(const Network& network, std::size_t layer, const ActivationStats& stats,
                       const KeptChannels& kept) {
  LayerAlone alone;
  MacLayer mac = network.layers[layer];
  if (has_weights(network, mac)) {
    Matrix weights = weight_matrix(network, mac);
    Tensor values{.shape = {weights.rows, mac.shape.c, mac.shape.r * mac.shape.s}};
    values.floats = std::move(weights.values);
    shrink(mac, values, kept);
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
