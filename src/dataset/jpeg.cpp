#include <fmt/format.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "dataset/decoders.h"

namespace mj {
namespace {

struct DestroyDecoder {
  void operator()(void* decoder) const { tjDestroy(decoder); }
};
using Decoder = std::unique_ptr<void, DestroyDecoder>;

/// libjpeg warns of much that leaves the pixels intact, and of damage alike.
bool is_harmless(std::string_view warning) {
  constexpr std::array<std::string_view, 3> harmless{"extraneous bytes before marker", "JFIF revision",
                                                     "Adobe color transform"};
  return std::any_of(harmless.begin(), harmless.end(),
                     [&](auto text) { return warning.find(text) != std::string_view::npos; });
}

/// Throws unless `status`, what the last call returned, stands for success.
void check(int status, const Decoder& decoder, const std::string& file) {
  if (status == 0) {
    return;
  }
  const std::string_view message = tjGetErrorStr2(decoder.get());
  if (tjGetErrorCode(decoder.get()) != TJERR_WARNING || !is_harmless(message)) {
    throw InputError(file, "", fmt::format("is not a readable JPEG image ({})", message),
                     "replace it by an intact file");
  }
}

/// Adobe's programs store CMYK inverted, and no other writer is known: red = 255 (1 - cyan) (1 - black).
std::vector<uint8_t> rgb_from_inverted_cmyk(const std::vector<uint8_t>& cmyk) {
  std::vector<uint8_t> rgb;
  rgb.reserve(cmyk.size() / 4 * 3);
  for (std::size_t i = 0; i + 3 < cmyk.size(); i += 4) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      rgb.push_back(static_cast<uint8_t>((cmyk[i + channel] * cmyk[i + 3] + 127) / 255));
    }
  }
  return rgb;
}

}  // namespace

bool is_jpeg(std::string_view bytes) {
  return bytes.substr(0, 3) == "\xFF\xD8\xFF";
}

Image decode_jpeg(std::string_view bytes, const std::string& file) {
  const Decoder decoder(tjInitDecompress());
  ensure(decoder != nullptr, "libjpeg-turbo gave no decoder");
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  check(tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling, &colours),
        decoder, file);
  check_image_size(height, width, bytes.size(), file);
  const bool is_cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  const int format = is_cmyk ? TJPF_CMYK : colours == TJCS_GRAY ? TJPF_GRAY : TJPF_RGB;
  Image image{height, width, colours == TJCS_GRAY ? 1 : 3, {}, file};
  image.pixels.resize(static_cast<std::size_t>(image.height * image.width * tjPixelSize[format]));
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  check(
      tjDecompress2(decoder.get(), data, bytes.size(), image.pixels.data(), width, 0, height, format, flags),
      decoder, file);
  if (is_cmyk) {
    image.pixels = rgb_from_inverted_cmyk(image.pixels);
  }
  return turn_upright(std::move(image), exif_orientation(bytes));
}

}  // namespace mj
