#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <memory>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "dataset/sources.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

/// An array in NumPy's format (NEP 1), C order.
struct NpyArray {
  std::string type;  ///< "|u1", "<i8"
  std::vector<std::size_t> shape;
  std::string content;
  std::size_t data = 0;  ///< where the values begin in `content`
};

std::size_t little_endian(const std::string& bytes, std::size_t offset, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8U | static_cast<uint8_t>(bytes[offset + i]);
  }
  return value;
}

/// The header's dictionary; `array.data` is set to what follows it.
std::string read_header(NpyArray& array, const std::string& file) {
  constexpr std::string_view magic = "\x93NUMPY";
  constexpr std::size_t fixed = 8;  // magic, major and minor version
  const std::string& bytes = array.content;
  if (!bytes.starts_with(magic) || bytes.size() < fixed + 4) {
    throw InputError(file, "", "is no NumPy array", "must start with \\x93NUMPY, as numpy.save writes it");
  }
  const std::size_t length_bytes = bytes[magic.size()] == 1 ? 2 : 4;
  const std::size_t length = little_endian(bytes, fixed, length_bytes);
  array.data = fixed + length_bytes + length;
  if (array.data > bytes.size()) {
    throw InputError(file, "header", fmt::format("states {} bytes, more than the file has", length),
                     "replace it by an intact file");
  }
  return bytes.substr(fixed + length_bytes, length);
}

/// What stands behind `key` between `open` and the next `close`.
std::string field(const std::string& header, const std::string& key, char open, char close,
                  const std::string& file) {
  const std::size_t at = header.find("'" + key + "':");
  const std::size_t first = at == std::string::npos ? at : header.find(open, at + key.size() + 3);
  const std::size_t last = first == std::string::npos ? first : header.find(close, first + 1);
  if (last == std::string::npos) {
    throw InputError(file, "header", fmt::format("lacks '{}'", key), "must be as numpy.save writes it");
  }
  return header.substr(first + 1, last - first - 1);
}

NpyArray read_npy(const fs::path& path) {
  const std::string file = path.string();
  NpyArray array;
  array.content = read_file(path);
  const std::string header = read_header(array, file);
  array.type = field(header, "descr", '\'', '\'', file);
  if (field(header, "fortran_order", ' ', ',', file) == "True") {
    throw InputError(file, "header", "is in Fortran order", "save numpy.ascontiguousarray(...)");
  }
  const std::string shape = field(header, "shape", '(', ')', file);
  std::size_t count = 1;
  for (const char *at = shape.data(), *end = at + shape.size(); at != end;) {
    std::size_t size = 0;
    const auto parsed = std::from_chars(at, end, size);
    at = parsed.ec == std::errc() ? parsed.ptr : at + 1;
    if (parsed.ec == std::errc()) {
      array.shape.push_back(size);
      count = size == 0 ? 0 : count > array.content.size() / size ? array.content.size() + 1 : count * size;
    }
  }
  const std::size_t bytes = array.type.empty() ? 0 : static_cast<std::size_t>(array.type.back() - '0');
  if (count == 0 || array.shape.empty() || array.content.size() - array.data != count * bytes) {
    throw InputError(
        file, "header",
        fmt::format("states {} values of type {}, but {} bytes follow", fmt::join(array.shape, " x "),
                    array.type, array.content.size() - array.data),
        "replace it by an intact file");
  }
  return array;
}

std::vector<int> read_labels(const fs::path& path, std::size_t images) {
  const NpyArray array = read_npy(path);
  const std::string& type = array.type;
  if (array.shape != std::vector<std::size_t>{images} || type.size() != 3 || type[0] == '>' ||
      (type[1] != 'i' && type[1] != 'u')) {
    throw InputError(path.string(), "header",
                     fmt::format("is {} of type {}", fmt::join(array.shape, " x "), type),
                     fmt::format("must be {} whole numbers, one an image", images));
  }
  const auto bytes = static_cast<std::size_t>(type[2] - '0');
  std::vector<int> labels;
  for (std::size_t i = 0; i < images; ++i) {
    const std::size_t value = little_endian(array.content, array.data + i * bytes, bytes);
    constexpr std::size_t most_classes = std::size_t{1} << 24U;
    if (value >= most_classes) {
      throw InputError(path.string(), fmt::format("value {}", i), "is no class",
                       "must be a whole number from 0");
    }
    labels.push_back(static_cast<int>(value));
  }
  return labels;
}

fs::path part_file(const fs::path& folder, std::optional<Split> split, const std::string& content) {
  return folder / (split ? fmt::format("{}-{}.npy", to_string(*split), content) : content + ".npy");
}

}  // namespace

bool holds_npy(const fs::path& folder, std::optional<Split> split) {
  std::error_code ignored;
  return fs::is_regular_file(part_file(folder, split, "images"), ignored);
}

Dataset open_npy(const fs::path& folder, std::optional<Split> split, const std::string& name) {
  const fs::path file = part_file(folder, split, "images");
  const auto images = std::make_shared<const NpyArray>(read_npy(file));
  const auto& shape = images->shape;
  const bool has_channels = shape.size() == 4;
  const std::size_t channels = has_channels ? shape[3] : 1;
  if (images->type != "|u1" || (shape.size() != 3 && !has_channels) || (channels != 1 && channels != 3)) {
    throw InputError(file.string(), "header",
                     fmt::format("is {} of type {}", fmt::join(shape, " x "), images->type),
                     "must be images x rows x columns, or with 3 channels behind them, of type uint8 (|u1)");
  }
  Dataset dataset;
  dataset.name = name;
  dataset.size = shape[0];
  const fs::path labels = part_file(folder, split, "labels");
  std::error_code ignored;
  if (fs::exists(labels, ignored)) {
    dataset.labels = read_labels(labels, dataset.size);
    dataset.classes = count_classes(dataset.labels);
  }
  dataset.read = [images, channels, file = file.string()](std::size_t index) {
    const std::size_t size = images->shape[1] * images->shape[2] * channels;
    ensure(index < images->shape[0], "an image's index is below the data set's size");
    const auto first = images->content.begin() + static_cast<std::ptrdiff_t>(images->data + index * size);
    return Image{static_cast<int64_t>(images->shape[1]),
                 static_cast<int64_t>(images->shape[2]),
                 static_cast<int64_t>(channels),
                 {first, first + static_cast<std::ptrdiff_t>(size)},
                 fmt::format("{}: image {}", file, index)};
  };
  return dataset;
}

}  // namespace mj
