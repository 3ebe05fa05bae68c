#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "end_to_end/program.h"

#define MJ_NEED_FASHION_MNIST()                                     \
  if (!has_fashion_mnist()) {                                       \
    GTEST_SKIP() << "needs Debian's package dataset-fashion-mnist"; \
  }

/// A quick run: few images, by default no gradient step.
inline std::vector<std::string> quick_prune(const std::filesystem::path& output,
                                            const std::string& epochs = "0",
                                            const std::string& images = "600") {
  return {"prune",       example_network(),
          "-o",          output,
          "--data",      "fashion-mnist:train",
          "--images",    images,
          "--energy",    "60%",
          "--fine-tune", epochs,
          "--method",    "energy-aware",
          "--rounds",    "2",
          "--batch",     "4"};
}

inline std::vector<std::string> with(std::vector<std::string> arguments,
                                     std::initializer_list<std::string> more) {
  arguments.insert(arguments.end(), more);
  return arguments;
}
