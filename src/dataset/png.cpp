#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "dataset/decoders.h"

namespace mj {
namespace {

/// libpng reports errors by longjmp, so the functions that call it hold nothing that needs a destructor; this
/// struct outlives them.
struct PngReader {
  std::string_view bytes;
  std::size_t position = 0;
  std::array<char, 128> reason{};
  png_structp png = nullptr;
  png_infop header = nullptr;

  explicit PngReader(std::string_view data) : bytes(data) {}
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png, &header, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& reader = *static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(reader.reason.data(), message, reader.reason.size() - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep out, size_t count) {
  auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader.bytes.size() - reader.position) {
    png_error(png, "ends early");
  }
  std::memcpy(out, reader.bytes.data() + reader.position, count);
  reader.position += count;
}

bool read_header(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) {
    return false;
  }
  png_set_read_fn(reader.png, &reader, on_read);
  png_read_info(reader.png, reader.header);
  png_set_expand(reader.png);
  png_set_scale_16(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.header);
  return true;
}

bool read_rows(PngReader& reader, png_bytep* rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) {
    return false;
  }
  png_read_image(reader.png, rows);
  png_read_end(reader.png, reader.header);  // An eXIf chunk may stand behind the rows.
  return true;
}

int orientation_of(const PngReader& reader) {
  png_uint_32 size = 0;
  png_bytep exif = nullptr;
  const bool has_exif = png_get_eXIf_1(reader.png, reader.header, &size, &exif) != 0;
  return has_exif ? tiff_orientation({reinterpret_cast<const char*>(exif), size}) : 1;
}

[[noreturn]] void fail(const PngReader& reader, const std::string& file) {
  throw InputError(file, "", fmt::format("is not a readable PNG image ({})", reader.reason.data()),
                   "replace it by an intact file");
}

}  // namespace

bool is_png(std::string_view bytes) {
  return bytes.substr(0, 8) == "\x89PNG\r\n\x1A\n";
}

Image decode_png(std::string_view bytes, const std::string& file) {
  PngReader reader(bytes);
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  reader.header = reader.png == nullptr ? nullptr : png_create_info_struct(reader.png);
  ensure(reader.header != nullptr, "libpng gave no decoder");
  if (!read_header(reader)) {
    fail(reader, file);
  }
  Image image{png_get_image_height(reader.png, reader.header),
              png_get_image_width(reader.png, reader.header),
              png_get_channels(reader.png, reader.header),
              {},
              file};
  check_image_size(image.height, image.width, bytes.size(), file);
  image.pixels.resize(static_cast<std::size_t>(image.height * image.width * image.channels));
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height));
  for (std::size_t y = 0; y < rows.size(); ++y) {
    rows[y] = image.pixels.data() + y * static_cast<std::size_t>(image.width * image.channels);
  }
  if (!read_rows(reader, rows.data())) {
    fail(reader, file);
  }
  return turn_upright(std::move(image), orientation_of(reader));
}

}  // namespace mj
