#pragma once

#include <filesystem>
#include <string>

#include "network/network.h"

namespace mj {

/// Reads an ONNX model; shapes are inferred for one image. Throws InputError that names the file and what is
/// wrong with it. Values of initializers and Constant nodes become `constants`; weights that the file leaves
/// out (inputs without an initializer, initializers without values) or that the graph computes have a shape
/// only. Values kept in other files must lie in the model's folder.
Network read_onnx(const std::filesystem::path& file);

/// Fills `shapes` and `layers` from inputs, nodes and constants, for one image: the first size of every input
/// is taken as 1. Where the graph is made for another batch, shapes are those of that batch and the layers' n
/// is divided by it. Shapes of values that neither an input, a constant nor a node gives are kept. Where a
/// layer's shape cannot be known otherwise, unknown operators are taken to leave shapes as they are. Throws
/// InputError as find_mac_layers does.
void infer_shapes(Network& network);

/// Rounds values of constants in half precision to what a file holds of them.
void round_constants(Network& network);

/// Writes a network as ONNX, atomically: the graph as it was read with the constants' present values in their
/// own element types, or, for a network that was made here (no envelope), a new model. Metadata entries are
/// those of `network`. What was external becomes part of the file. Throws InputError where the file would be
/// larger than 2 GB or cannot be written.
void write_onnx(const Network& network, const std::filesystem::path& file);

/// The bytes that write_onnx writes.
std::string onnx_bytes(const Network& network);

}  // namespace mj
