#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "dataset/sources.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

constexpr int64_t side = 32;
constexpr std::size_t plane = side * side;
constexpr std::size_t record_bytes = 1 + 3 * plane;
constexpr int classes = 10;

/// A file of records: a label, then 1024 red, 1024 green and 1024 blue bytes.
struct Batch {
  std::string file;
  std::string bytes;
  std::size_t first = 0;  ///< of its images in the data set
};

bool is_training_batch(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with("data_batch_") && name.ends_with(".bin");
}

/// data_batch_10.bin goes behind data_batch_9.bin.
bool stands_before(const fs::path& a, const fs::path& b) {
  const std::string first = a.filename().string();
  const std::string second = b.filename().string();
  return first.size() != second.size() ? first.size() < second.size() : first < second;
}

std::vector<fs::path> batch_files(const fs::path& folder, Split split) {
  std::vector<fs::path> files = list_folder(folder);
  std::erase_if(files, [&](const fs::path& file) {
    return split == Split::train ? !is_training_batch(file) : file.filename() != "test_batch.bin";
  });
  std::sort(files.begin(), files.end(), stands_before);
  return files;
}

Batch read_batch(const fs::path& file, std::size_t first) {
  Batch batch{file.string(), read_file(file), first};
  if (batch.bytes.empty() || batch.bytes.size() % record_bytes != 0) {
    throw InputError(batch.file, "", fmt::format("has {} bytes", batch.bytes.size()),
                     fmt::format("must hold whole CIFAR-10 records of {} bytes", record_bytes));
  }
  for (std::size_t i = 0; i < batch.bytes.size(); i += record_bytes) {
    const int label = static_cast<uint8_t>(batch.bytes[i]);
    if (label >= classes) {
      throw InputError(batch.file, fmt::format("record {}", i / record_bytes),
                       fmt::format("has label {}", label),
                       fmt::format("labels of CIFAR-10 are 0 to {}", classes - 1));
    }
  }
  return batch;
}

Image read_record(const Batch& batch, std::size_t record) {
  const char* colours = batch.bytes.data() + record * record_bytes + 1;
  Image image{side, side, 3, {}, fmt::format("{}: record {}", batch.file, record)};
  image.pixels.reserve(3 * plane);
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      image.pixels.push_back(static_cast<uint8_t>(colours[channel * plane + i]));
    }
  }
  return image;
}

}  // namespace

bool holds_cifar10(const fs::path& folder) {
  return !batch_files(folder, Split::train).empty() || !batch_files(folder, Split::test).empty();
}

Dataset open_cifar10(const fs::path& folder, Split split, const std::string& name) {
  auto batches = std::make_shared<std::vector<Batch>>();
  Dataset dataset;
  dataset.name = name;
  dataset.classes = classes;
  for (const fs::path& file : batch_files(folder, split)) {
    const Batch& batch = batches->emplace_back(read_batch(file, dataset.size));
    for (std::size_t i = 0; i < batch.bytes.size(); i += record_bytes) {
      dataset.labels.push_back(static_cast<uint8_t>(batch.bytes[i]));
    }
    dataset.size = dataset.labels.size();
  }
  if (batches->empty()) {
    throw InputError(folder.string(), "",
                     fmt::format("has no {}", split == Split::train ? "data_batch_*.bin" : "test_batch.bin"),
                     "add it, or name the other part");
  }
  dataset.read = [batches = std::shared_ptr<const std::vector<Batch>>(batches),
                  size = dataset.size](std::size_t index) {
    ensure(index < size, "an image's index is below the data set's size");
    const auto behind = std::upper_bound(batches->begin(), batches->end(), index,
                                         [](std::size_t i, const Batch& batch) { return i < batch.first; });
    const Batch& batch = *std::prev(behind);
    return read_record(batch, index - batch.first);
  };
  return dataset;
}

}  // namespace mj
