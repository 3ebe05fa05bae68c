#pragma once

#include <cstdint>

#include "dataset/dataset.h"

namespace mj {

/// Calibration images, divided: what pruning learns from, and what decides when it stops.
struct CalibrationSplit {
  NetworkInputs fit;
  NetworkInputs held_back;
};

/// Holds back the last fifth, 10,000 images at most. Where the labels are in ascending order the last images
/// would be the last classes: then they are drawn by the seed instead. Throws InputError where there are
/// fewer than 10 images.
CalibrationSplit split_calibration(const NetworkInputs& inputs, uint64_t seed, const std::string& dataset);

}  // namespace mj
