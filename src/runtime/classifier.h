#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dataset/dataset.h"
#include "network/network.h"

namespace mj {

/// The value whose softmax is the network's first output: the input of a final Softmax or LogSoftmax (nodes
/// that only reshape may follow it), else the output itself.
std::string find_logits(const Network& network);

/// The last feature maps: what the last node reads that makes one value a channel, or one row an image, of
/// values at several places (a global pool, a Flatten). Empty where there is none.
std::string find_feature_maps(const Network& network);

/// The class scores that the first output gives for one image; 0 where its shape is unknown.
int64_t class_count(const Network& network);

/// Throws InputError where `inputs` (of `dataset`) have no labels, or one beyond the network's classes.
void check_labelled(const Network& network, const NetworkInputs& inputs, const std::string& dataset);

/// How many scores rank before the label's: larger ones, and equal ones of lower classes. Past the end where
/// the label's own score is not a number.
std::size_t rank_of_label(std::span<const float> scores, std::size_t label);

}  // namespace mj
