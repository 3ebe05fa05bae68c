#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

/// A file or folder of the real networks and images; they are not part of the repository.
inline std::filesystem::path shared_data(const std::string& name) {
  return std::filesystem::path(MJ_SHARED_DATA) / name;
}

/// Skips the test where `name` is missing.
#define MJ_NEED_SHARED_DATA(name)                                                             \
  if (!std::filesystem::exists(shared_data(name))) {                                          \
    GTEST_SKIP() << "needs " << shared_data(name) << ", which is not part of the repository"; \
  }
