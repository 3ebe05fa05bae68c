#include "runtime/augment.h"

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace mj {

void move_image(std::span<float> values, int64_t height, int64_t width, int64_t down, int64_t right,
                bool flip) {
  const std::vector<float> before(values.begin(), values.end());
  const int64_t rows = static_cast<int64_t>(values.size()) / width;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t channel = row / height;
    const int64_t from_y = std::clamp<int64_t>(row % height - down, 0, height - 1);
    const float* source = before.data() + (channel * height + from_y) * width;
    float* target = values.data() + row * width;
    for (int64_t x = 0; x < width; ++x) {
      const int64_t from_x = std::clamp<int64_t>(x - right, 0, width - 1);
      target[x] = source[flip ? width - 1 - from_x : from_x];
    }
  }
}

void augment_image(std::span<float> values, const NetworkInputs& inputs, int64_t shift, bool flip,
                   uint64_t seed) {
  Random random(seed);
  const auto draw = [&] {
    return static_cast<int64_t>(random.below(2 * static_cast<uint64_t>(shift) + 1)) - shift;
  };
  const int64_t down = draw();
  const int64_t right = draw();
  move_image(values, inputs.height, inputs.width, down, right, flip && random.below(2) == 1);
}

}  // namespace mj
