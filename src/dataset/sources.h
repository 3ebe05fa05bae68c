#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/dataset.h"

namespace mj {

/// Which part of a data set.
enum class Split { train, test };
std::string_view to_string(Split split);

/// A folder's entries sorted by name, those whose names start with a dot left out. Throws InputError.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

/// Whether the folder holds image files of either part in IDX form (LeCun's MNIST page) under MNIST's names.
bool holds_idx(const std::filesystem::path& folder);
/// The images and labels of one part; plain files go before .gz. All bytes are held in memory. `name` is the
/// data set's.
Dataset open_idx(const std::filesystem::path& folder, Split split, const std::string& name);

/// Whether the folder holds data_batch_*.bin or test_batch.bin.
bool holds_cifar10(const std::filesystem::path& folder);
/// As many training batches as there are, in the order of their numbers, or the test batch. All bytes are
/// held in memory.
Dataset open_cifar10(const std::filesystem::path& folder, Split split, const std::string& name);

/// Whether the folder holds images.npy, or train-images.npy for a part.
bool holds_npy(const std::filesystem::path& folder, std::optional<Split> split);
/// images.npy (images x rows x columns, or with 3 channels behind them, uint8) with labels.npy (whole
/// numbers), if it is there; of a part train-images.npy and train-labels.npy. All bytes are held in memory.
Dataset open_npy(const std::filesystem::path& folder, std::optional<Split> split, const std::string& name);

/// Images with labels.txt, one sub-folder a class, or images alone, which have no labels. Images are those
/// whose names end in .jpg, .jpeg or .png; other files are passed over.
Dataset open_image_folder(const std::filesystem::path& folder, const std::string& name);

/// The first `bound` bytes of what `compressed` holds in gzip form, or all if there are fewer. Throws
/// InputError naming `file` where it is damaged or truncated before that.
std::string gunzip(std::string_view compressed, std::size_t bound, const std::string& file);

/// 1 + the largest label.
int count_classes(const std::vector<int>& labels);

}  // namespace mj
