#include "dataset/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "dataset/sources.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view fashion_mnist = "fashion-mnist";
constexpr std::string_view fashion_mnist_folder = "/usr/share/datasets/fashion-mnist";

/// A DATASET argument taken apart; only a part's name at the very end counts.
struct Argument {
  std::string folder;
  std::optional<Split> split;
};

Argument take_apart(const std::string& text) {
  for (const Split split : {Split::train, Split::test}) {
    const std::string suffix = fmt::format(":{}", to_string(split));
    if (text.ends_with(suffix)) {
      return {text.substr(0, text.size() - suffix.size()), split};
    }
  }
  return {text, std::nullopt};
}

[[noreturn]] void ask_for_part(const std::string& text) {
  throw InputError(text, "", "has a training part and a test part",
                   fmt::format("write {0}:train or {0}:test", text));
}

/// The folder that the argument means.
fs::path locate(const Argument& argument, const std::string& text) {
  std::error_code ignored;
  if (fs::is_directory(argument.folder, ignored)) {
    return argument.folder;
  }
  if (argument.folder == fashion_mnist && !fs::exists(argument.folder, ignored)) {
    if (!argument.split) {
      ask_for_part(text);
    }
    if (!fs::is_directory(fashion_mnist_folder, ignored)) {
      throw InputError(text, "", "is not installed", "install Debian's package dataset-fashion-mnist");
    }
    return fashion_mnist_folder;
  }
  throw InputError(text, "", fs::exists(argument.folder, ignored) ? "is not a folder" : "does not exist",
                   "name a folder of images, NumPy arrays, IDX files or CIFAR-10 batches");
}

}  // namespace

std::string_view to_string(Split split) {
  return split == Split::train ? "train" : "test";
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->path().filename().string().starts_with('.')) {
      entries.push_back(entry->path());
    }
  }
  if (error) {
    throw InputError(folder.string(), "", fmt::format("cannot be listed ({})", error.message()),
                     "name a readable folder");
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

Dataset open_dataset(const std::string& argument) {
  const Argument parts = take_apart(argument);
  const fs::path folder = locate(parts, argument);
  if (holds_npy(folder, parts.split)) {
    return open_npy(folder, parts.split, argument);
  }
  const bool has_idx = holds_idx(folder);
  const bool has_cifar10 = holds_cifar10(folder);
  if (!parts.split) {
    if (has_idx || has_cifar10) {
      ask_for_part(argument);
    }
    return open_image_folder(folder, argument);
  }
  if (has_idx && has_cifar10) {
    throw InputError(folder.string(), "", "holds both IDX files and CIFAR-10 batches",
                     "keep one kind in a folder");
  }
  if (!has_idx && !has_cifar10) {
    throw InputError(
        folder.string(), "", "holds neither IDX files nor CIFAR-10 batches",
        fmt::format("name a folder of images without ':{}'; else train-images-idx3-ubyte, "
                    "t10k-images-idx3-ubyte (plain or .gz), data_batch_*.bin or test_batch.bin must be in it",
                    to_string(*parts.split)));
  }
  return has_idx ? open_idx(folder, *parts.split, argument) : open_cifar10(folder, *parts.split, argument);
}

Dataset select(const Dataset& dataset, const std::vector<std::size_t>& indices) {
  Dataset result;
  result.name = dataset.name;
  result.size = indices.size();
  result.classes = dataset.classes;
  result.class_names = dataset.class_names;
  result.is_coded = dataset.is_coded;
  for (const std::size_t index : indices) {
    ensure(index < dataset.size, "an image's index is below the data set's size");
    if (!dataset.labels.empty()) {
      result.labels.push_back(dataset.labels[index]);
    }
  }
  result.read = [read = dataset.read, indices](std::size_t index) { return read(indices.at(index)); };
  return result;
}

}  // namespace mj
