#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "dataset/sources.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

/// The content of an IDX file of bytes.
struct IdxBytes {
  std::vector<int64_t> sizes;
  std::string values;
};

std::string stem(Split split, std::string_view content) {
  return fmt::format("{}-{}", split == Split::train ? "train" : "t10k", content);
}

std::optional<fs::path> find_file(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  for (const std::string& candidate : {name, name + ".gz"}) {
    if (fs::is_regular_file(folder / candidate, ignored)) {
      return folder / candidate;
    }
  }
  return std::nullopt;
}

fs::path require_file(const fs::path& folder, const std::string& name) {
  if (auto file = find_file(folder, name)) {
    return *file;
  }
  throw InputError(folder.string(), "", fmt::format("has no {0} and no {0}.gz", name), "add it");
}

std::string leading_bytes(const std::string& content, std::size_t bound, const fs::path& file) {
  return file.extension() == ".gz" ? gunzip(content, bound, file.string()) : content.substr(0, bound);
}

int64_t big_endian(const std::string& bytes, std::size_t offset) {
  int64_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  }
  return value;
}

/// The sizes in an IDX header: two zero bytes, the type (8: bytes), the number of dimensions, their sizes.
std::vector<int64_t> read_sizes(const std::string& header, std::size_t dimensions, const fs::path& file) {
  const int64_t magic = 0x0800 + static_cast<int64_t>(dimensions);
  if (header.size() < 4 + 4 * dimensions || big_endian(header, 0) != magic) {
    throw InputError(file.string(), "header",
                     header.size() < 4 + 4 * dimensions
                         ? fmt::format("has {} bytes only", header.size())
                         : fmt::format("starts with {:08x}", big_endian(header, 0)),
                     fmt::format("an IDX file of bytes with {} dimension{} starts with {:08x} and the sizes",
                                 dimensions, dimensions == 1 ? "" : "s", magic));
  }
  std::vector<int64_t> sizes;
  for (std::size_t i = 1; i <= dimensions; ++i) {
    sizes.push_back(big_endian(header, 4 * i));
  }
  return sizes;
}

/// The product of `sizes`, cut off above `most`.
int64_t product(const std::vector<int64_t>& sizes, int64_t most) {
  int64_t result = 1;
  for (const int64_t size : sizes) {
    result = size == 0 ? 0 : result > most / size ? most + 1 : result * size;
  }
  return result;
}

IdxBytes read_idx(const fs::path& file, std::size_t dimensions) {
  constexpr int64_t best_deflate_ratio = 1032;
  const std::string content = read_file(file);
  const std::size_t header = 4 + 4 * dimensions;
  IdxBytes idx{read_sizes(leading_bytes(content, header, file), dimensions, file), {}};
  const auto stated = [&] { return fmt::format("states {} bytes of data", fmt::join(idx.sizes, " x ")); };
  const int64_t most =
      static_cast<int64_t>(content.size()) * (file.extension() == ".gz" ? best_deflate_ratio : 1);
  const int64_t expected = product(idx.sizes, most);
  if (expected == 0) {
    throw InputError(file.string(), "header", stated(), "there must be at least one image");
  }
  if (expected > most) {
    throw InputError(file.string(), "header", stated() + ", more than the file can hold",
                     "replace it by an intact file");
  }
  idx.values = leading_bytes(content, header + static_cast<std::size_t>(expected) + 1, file);
  idx.values.erase(0, header);
  if (static_cast<int64_t>(idx.values.size()) != expected) {
    const bool is_short = static_cast<int64_t>(idx.values.size()) < expected;
    throw InputError(
        file.string(), "header",
        stated() + (is_short ? fmt::format(", but {} follow", idx.values.size()) : ", but more follow"),
        "replace it by an intact file");
  }
  return idx;
}

}  // namespace

bool holds_idx(const fs::path& folder) {
  return find_file(folder, stem(Split::train, "images-idx3-ubyte")) ||
         find_file(folder, stem(Split::test, "images-idx3-ubyte"));
}

Dataset open_idx(const fs::path& folder, Split split, const std::string& name) {
  const fs::path images_file = require_file(folder, stem(split, "images-idx3-ubyte"));
  const fs::path labels_file = require_file(folder, stem(split, "labels-idx1-ubyte"));
  const auto images = std::make_shared<const IdxBytes>(read_idx(images_file, 3));
  const IdxBytes labels = read_idx(labels_file, 1);
  if (labels.sizes[0] != images->sizes[0]) {
    throw InputError(labels_file.string(), "header", fmt::format("states {} labels", labels.sizes[0]),
                     fmt::format("{} has {} images", images_file.string(), images->sizes[0]));
  }
  Dataset dataset;
  dataset.name = name;
  dataset.size = static_cast<std::size_t>(images->sizes[0]);
  for (const char label : labels.values) {
    dataset.labels.push_back(static_cast<uint8_t>(label));
  }
  dataset.classes = count_classes(dataset.labels);
  dataset.read = [images, file = images_file.string()](std::size_t index) {
    const int64_t height = images->sizes[1];
    const int64_t width = images->sizes[2];
    ensure(index < static_cast<std::size_t>(images->sizes[0]),
           "an image's index is below the data set's size");
    const auto first = images->values.begin() + static_cast<int64_t>(index) * height * width;
    return Image{height, width, 1, {first, first + height * width}, fmt::format("{}: image {}", file, index)};
  };
  return dataset;
}

}  // namespace mj
