#include "runtime/batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/huge_pages.h"
#include "base/threads.h"

namespace mj {

BatchLoader::BatchLoader(const NetworkInputs& inputs, std::vector<std::size_t> order, int64_t batch_size,
                         int threads, ImageChange change)
    : inputs_(inputs),
      order_(std::move(order)),
      batch_size_(static_cast<std::size_t>(batch_size)),
      threads_(threads),
      change_(std::move(change)) {
  ensure(batch_size > 0, "a batch holds at least one image");
  start_loading();
}

BatchLoader::~BatchLoader() {
  if (loading_.valid()) {
    loading_.wait();
  }
}

Batch* BatchLoader::next() {
  if (!loading_.valid()) {
    return nullptr;
  }
  loading_.get();
  std::swap(present_, coming_);
  start_loading();
  return &present_;
}

void BatchLoader::start_loading() {
  const std::size_t count = std::min(batch_size_, order_.size() - position_);
  if (count == 0) {
    return;
  }
  const auto first = order_.begin() + static_cast<std::ptrdiff_t>(position_);
  coming_.indices.assign(first, first + static_cast<std::ptrdiff_t>(count));
  position_ += count;
  const auto image_size = static_cast<std::size_t>(inputs_.channels * inputs_.height * inputs_.width);
  resize_in_huge_pages(coming_.values, count * image_size);
  loading_ = std::async(std::launch::async, [this, count, image_size] {
    parallel_for(count, threads_, [this, image_size](std::size_t i) {
      const auto values = std::span(coming_.values).subspan(i * image_size, image_size);
      inputs_.load(coming_.indices[i], values);
      if (change_) {
        change_(coming_.indices[i], values);
      }
    });
  });
}

std::vector<std::size_t> in_order(std::size_t size) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

}  // namespace mj
