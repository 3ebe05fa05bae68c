#pragma once

#include <cstdint>

#include "dataset/dataset.h"

namespace mj {

/// Calibration images, divided: what pruning learns from, and what decides when it stops.
struct CalibrationSplit {
  NetworkInputs fit;    ///< to which layers are fitted
  NetworkInputs tuned;  ///< on which the network is fine-tuned
  NetworkInputs held_back;
  bool tells_accuracy = false;  ///< whether layers are fitted without the images held back
};

/// What the images held back decide.
enum class Decision : uint8_t {
  accuracy,  ///< whether a network is accurate enough
  tuning     ///< only when fine-tuning stops: of two networks that differ little, divergences tell the better
             ///< on few images
};

/// Holds back the last fifth, 10,000 images at most; for fine-tuning alone a tenth, but no fewer than 100
/// unless that is more than a fifth, and from fine-tuning alone: layers are fitted to all images, so that
/// those held back favour the network that fine-tuning starts with. Where the labels are in ascending order
/// the last images would be the last classes: then they are drawn by the seed instead. Throws InputError
/// where there are fewer than 10 images.
CalibrationSplit split_calibration(const NetworkInputs& inputs, uint64_t seed, const std::string& dataset,
                                   Decision decision = Decision::accuracy);

}  // namespace mj
