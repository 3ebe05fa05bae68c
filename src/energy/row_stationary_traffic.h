#pragma once

#include "energy/workload.h"
#include "hardware/accelerator.h"
#include "mapping/row_stationary.h"

namespace mj {

/// What the closed form needs of a layer, whatever the mapping. Words are for the whole batch.
struct RowStationaryLayer {
  LayerShape shape;                  ///< with long filter rows folded
  int64_t filter_folds = 1;          ///< passes that a filter higher than the array takes
  double macs = 0;                   ///< of the layer itself, zeros included
  double weight_words = 0;           ///< the weights as the memory stores them
  double input_words = 0;            ///< the input maps as the memory stores them
  double raw_input_words = 0;        ///< the padded input maps
  double output_words = 0;           ///< the output maps as the memory stores them
  double psum_words = 0;             ///< one partial sum for each output
  double buffered_weight_words = 0;  ///< the weights as the buffer holds them; 0 where they pass by it
  double buffered_input_share = 1;   ///< of an input word, what the buffer's format makes of it
  bool inputs_stay = false;          ///< see Accelerator
  bool psums_return_only = false;    ///< see Accelerator
};

RowStationaryLayer row_stationary_layer(const Workload& workload, const Accelerator& accelerator);

/// What the mapping decides of a layer's traffic (docs/model.md, "Row stationary"). Energy is linear in
/// these.
struct RowStationaryTraffic {
  double weight_passes = 0;      ///< times that all weights are read from memory
  double input_passes = 0;       ///< times that all input maps are read from memory
  double buffered_inputs = 0;    ///< input words read from the buffer
  double psum_rounds = 0;        ///< times that every partial sum is written to and read from the buffer
  double delivered_weights = 0;  ///< weight words that reach PEs
  double delivered_inputs = 0;   ///< input words that reach PEs
  double passed_psums = 0;       ///< partial sums handed from PE to PE
};

RowStationaryTraffic row_stationary_traffic(const RowStationaryLayer& layer,
                                            const RowStationaryMapping& mapping);

/// Passes over the PEs that the whole batch takes.
double row_stationary_passes(const RowStationaryLayer& layer, const RowStationaryMapping& mapping);

/// Cycles of the whole batch, without ramp-up: each pass takes n p q S Q, once for each fold of the filter.
double row_stationary_cycles(const RowStationaryLayer& layer, const RowStationaryMapping& mapping);

}  // namespace mj
