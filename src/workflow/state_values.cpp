#include "workflow/state_values.h"

#include <algorithm>
#include <utility>

namespace mj {
namespace {

const std::vector<float> nothing;

void add_constants(ArrayWriter& writer, const Network& network) {
  for (const auto& [name, tensor] : network.constants) {
    if (is_floating(tensor.type)) {
      writer.add(tensor.floats);
    }
  }
}

void read_constants(ArrayReader& reader, Network& network) {
  for (auto& [name, tensor] : network.constants) {
    if (is_floating(tensor.type)) {
      std::vector<float> values = reader.next<float>();
      if (values.size() != tensor.floats.size()) {
        reader.reject("does not fit the model");
      }
      tensor.floats = std::move(values);
    }
  }
}

void add_stats(ArrayWriter& writer, const ActivationStats& stats) {
  for (const LayerActivations& layer : stats.layers) {
    writer.add(layer.tap_nonzeros);
    writer.add(layer.input_channel_nonzeros);
    writer.add(layer.output_channel_nonzeros);
    writer.add(layer.input_runs.overflow);
    writer.add(layer.output_runs.overflow);
  }
}

void read_runs(ArrayReader& reader, ZeroRuns& runs) {
  const std::vector<double> values = reader.next<double>();
  if (values.size() != runs.overflow.size()) {
    reader.reject("holds other values than expected");
  }
  std::copy(values.begin(), values.end(), runs.overflow.begin());
}

void read_stats(ArrayReader& reader, ActivationStats& stats, std::size_t layers) {
  stats.layers.resize(layers);
  for (LayerActivations& layer : stats.layers) {
    layer.tap_nonzeros = reader.next<double>();
    layer.input_channel_nonzeros = reader.next<double>();
    layer.output_channel_nonzeros = reader.next<double>();
    read_runs(reader, layer.input_runs);
    read_runs(reader, layer.output_runs);
  }
}

}  // namespace

void add_kept(ArrayWriter& writer, const RunState& state) {
  for (const Measured* measured : {&state.dense, &state.current}) {
    add_stats(writer, measured->stats);
    writer.add(measured->accuracy ? measured->accuracy->ranks : nothing);
  }
  if (state.network) {
    add_constants(writer, *state.network);
  }
}

void read_kept(ArrayReader& reader, const Network& given, RunState& state) {
  for (Measured* measured : {&state.dense, &state.current}) {
    read_stats(reader, measured->stats, given.layers.size());
    std::vector<float> ranks = reader.next<float>();
    if (measured->accuracy) {
      measured->accuracy->ranks = std::move(ranks);
    }
  }
  if (reader.at_end()) {
    return;  // the given network
  }
  state.network = given;
  read_constants(reader, *state.network);
  if (!reader.at_end()) {
    reader.reject("does not fit the model");
  }
}

void add_begun(ArrayWriter& writer, const RoundState& round) {
  add_constants(writer, round.network);
  if (round.best) {
    add_constants(writer, *round.best);
  }
  for (const std::vector<float>& moment : round.training.moments) {
    writer.add(moment);
  }
}

void read_begun(ArrayReader& reader, RoundState& round) {
  read_constants(reader, round.network);
  if (round.best) {
    read_constants(reader, *round.best);
  }
  while (!reader.at_end()) {
    round.training.moments.push_back(reader.next<float>());
  }
}

}  // namespace mj
