#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/document.h"
#include "dataset/image.h"

namespace mj {

/// From pixels to a network's input: value = (pixel * scale - mean[channel]) / std[channel], in the network's
/// channel order.
struct Preprocess {
  int64_t resize_short =
      0;             ///< the shorter side after resizing (bilinear, averaging when shrinking); 0: as it is
  int64_t crop = 0;  ///< centre crop, square; 0: none
  std::string channel_order = "RGB";  ///< RGB, BGR or GRAY
  double scale = 1.0;
  std::vector<double> mean{0.0};  ///< one for each channel, or one for all
  std::vector<double> std{1.0};
};

/// 1 for GRAY, else 3.
int64_t channel_count(const Preprocess& preprocess);

/// Reads YAML whose keys are the fields of Preprocess, all of them optional. Throws InputError with every
/// problem found.
Preprocess read_preprocess(const std::filesystem::path& file);
Preprocess parse_preprocess(const Document& document);
/// The YAML that read_preprocess reads.
std::string preprocess_text(const Preprocess& preprocess);

/// A network's input: channels x height x width values.
struct PreprocessedImage {
  int64_t channels = 0, height = 0, width = 0;
  std::vector<float> values;
};

/// The part of the image that the network sees, in its size; the network's channels are taken from it.
/// The longer side after resizing is rounded down, and a crop whose margins are odd stands half a pixel to
/// the top and left. Colour becomes grey by Rec. 601 before resizing, grey becomes colour by repetition.
/// Throws InputError naming the image where it is smaller than the crop.
Image visible_part(const Image& image, const Preprocess& preprocess);
/// The values of such a part.
PreprocessedImage network_values(const Image& part, const Preprocess& preprocess);

/// Both in turn.
PreprocessedImage apply_preprocess(const Image& image, const Preprocess& preprocess);

}  // namespace mj
