#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <span>
#include <vector>

#include "dataset/dataset.h"

namespace mj {

/// Some images in memory, one after the other, each channels x height x width.
struct Batch {
  std::vector<std::size_t> indices;  ///< in the inputs
  std::vector<float> values;
};

/// Changes an image in place; called from several threads.
using ImageChange = std::function<void(std::size_t index, std::span<float> values)>;

/// Gives images in batches and loads the next batch while the present one is worked on.
class BatchLoader {
 public:
  /// @param order the images' indices; the last batch may be smaller
  /// @param change may be empty
  BatchLoader(const NetworkInputs& inputs, std::vector<std::size_t> order, int64_t batch_size, int threads,
              ImageChange change = {});
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next batch, the caller's to change and valid until the next call; nullptr at the end. Rethrows what
  /// loading threw.
  Batch* next();

 private:
  void start_loading();

  const NetworkInputs& inputs_;
  std::vector<std::size_t> order_;
  std::size_t batch_size_;
  int threads_;
  ImageChange change_;
  std::size_t position_ = 0;  ///< in order_, of what is to be loaded next
  Batch present_, coming_;
  std::future<void> loading_;
};

/// Numbers 0..size-1 in order.
std::vector<std::size_t> in_order(std::size_t size);

}  // namespace mj
