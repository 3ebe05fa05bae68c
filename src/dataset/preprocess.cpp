#include "dataset/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "dataset/decoders.h"
#include "dataset/resize.h"

namespace mj {
namespace {

/// Rec. 601 luma in 16-bit fixed point, as Pillow computes it.
uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

Image grey(const Image& image) {
  Image result{image.height, image.width, 1, {}, image.name};
  result.pixels.reserve(image.pixels.size() / 3);
  for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    result.pixels.push_back(luma(image.pixels.data() + i));
  }
  return result;
}

ImageSize size_after_resizing(const Image& image, int64_t resize_short) {
  if (resize_short == 0) {
    return {image.height, image.width};
  }
  const int64_t shorter = std::min(image.height, image.width);
  return {image.height * resize_short / shorter, image.width * resize_short / shorter};
}

Window window_of(const Image& image, const ImageSize& size, const Preprocess& preprocess) {
  if (preprocess.crop == 0) {
    if (size.height * size.width > most_pixels) {
      throw InputError(image.name, "",
                       fmt::format("has {} x {} pixels after resizing", size.width, size.height),
                       fmt::format("at most {} are possible; set `crop` in the preprocessing", most_pixels));
    }
    return {0, 0, size.height, size.width};
  }
  if (preprocess.crop > std::min(size.height, size.width)) {
    throw InputError(image.name, "",
                     fmt::format("has {} x {} pixels, fewer than the crop of {} x {}", size.width,
                                 size.height, preprocess.crop, preprocess.crop),
                     fmt::format("set resize_short to {} or more in the preprocessing", preprocess.crop));
  }
  return {(size.height - preprocess.crop) / 2, (size.width - preprocess.crop) / 2, preprocess.crop,
          preprocess.crop};
}

/// What each of the 256 pixel values becomes in a channel.
std::array<float, 256> values_of_pixels(const Preprocess& preprocess, std::size_t channel) {
  const auto of_channel = [&](const std::vector<double>& values) {
    return values.size() == 1 ? values[0] : values[channel];
  };
  std::array<float, 256> values{};
  for (std::size_t pixel = 0; pixel < values.size(); ++pixel) {
    values[pixel] =
        static_cast<float>((static_cast<double>(pixel) * preprocess.scale - of_channel(preprocess.mean)) /
                           of_channel(preprocess.std));
  }
  return values;
}

}  // namespace

Image visible_part(const Image& image, const Preprocess& preprocess) {
  ensure(std::min(image.height, image.width) > 0 && (image.channels == 1 || image.channels == 3),
         "an image has pixels of one or three channels");
  const ImageSize size = size_after_resizing(image, preprocess.resize_short);
  const Window window = window_of(image, size, preprocess);
  const bool drop_colour = channel_count(preprocess) == 1 && image.channels == 3;
  Image part = resize_and_crop(drop_colour ? grey(image) : image, size, window);
  part.name = image.name;
  return part;
}

PreprocessedImage network_values(const Image& part, const Preprocess& preprocess) {
  const int64_t channels = channel_count(preprocess);
  const auto fits = [&](const auto& values) {
    return values.size() == 1 || static_cast<int64_t>(values.size()) == channels;
  };
  ensure(fits(preprocess.mean) && fits(preprocess.std), "mean and std hold one value, or one a channel");
  PreprocessedImage result{channels, part.height, part.width, {}};
  const auto plane = static_cast<std::size_t>(part.height * part.width);
  const auto step = static_cast<std::size_t>(part.channels);
  result.values.reserve(plane * static_cast<std::size_t>(channels));
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel) {
    const auto values = values_of_pixels(preprocess, channel);
    const std::size_t colour = preprocess.channel_order == "BGR" ? 2 - channel : channel;
    const std::size_t first = part.channels == 1 ? 0 : colour;
    for (std::size_t i = 0; i < plane; ++i) {
      result.values.push_back(values[part.pixels[i * step + first]]);
    }
  }
  return result;
}

PreprocessedImage apply_preprocess(const Image& image, const Preprocess& preprocess) {
  return network_values(visible_part(image, preprocess), preprocess);
}

}  // namespace mj
