#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <memory>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "dataset/sources.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

constexpr int largest_label = 999'999;

bool is_image(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  std::error_code ignored;
  return (extension == ".jpg" || extension == ".jpeg" || extension == ".png") &&
         fs::is_regular_file(file, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Dataset make_dataset(const std::string& name, std::vector<fs::path> files, std::vector<int> labels,
                     int classes) {
  Dataset dataset;
  dataset.name = name;
  dataset.size = files.size();
  dataset.classes = classes;
  dataset.labels = std::move(labels);
  dataset.is_coded = true;
  const auto shared = std::make_shared<const std::vector<fs::path>>(std::move(files));
  dataset.read = [shared](std::size_t index) {
    ensure(index < shared->size(), "an image's index is below the data set's size");
    const fs::path& file = (*shared)[index];
    return decode_image(read_file(file), file.string());
  };
  return dataset;
}

/// `text` for a message: at most 60 bytes, control characters as '?'.
std::string shown(std::string_view text) {
  std::string result(text.substr(0, 60));
  std::replace_if(
      result.begin(), result.end(), [](unsigned char letter) { return std::iscntrl(letter) != 0; }, '?');
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

struct LabelledFile {
  std::string file;
  int label = 0;
};

/// One line of labels.txt; the file's name may hold blanks.
LabelledFile parse_line(std::string_view line, const std::string& labels_file, const std::string& place) {
  const auto gap = line.find_last_of(" \t");
  if (gap == std::string_view::npos) {
    throw InputError(labels_file, place, fmt::format("is '{}'", shown(line)), "write `file label`");
  }
  const std::string_view text = line.substr(gap + 1);
  int label = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
  if (error != std::errc() || end != text.data() + text.size() || label < 0 || label > largest_label) {
    throw InputError(labels_file, place, fmt::format("has label '{}'", shown(text)),
                     fmt::format("labels are whole numbers from 0 to {}", largest_label));
  }
  return {std::string(trimmed(line.substr(0, gap))), label};
}

/// Checks that a file of labels.txt is there, once.
void check_file(const fs::path& folder, const std::string& file, int line, std::map<std::string, int>& lines,
                const std::string& labels_file) {
  const std::string place = fmt::format("line {}", line);
  std::error_code ignored;
  if (!fs::is_regular_file(folder / file, ignored)) {
    throw InputError(labels_file, place, fmt::format("names '{}', which is not in the folder", shown(file)),
                     "add the image or remove the line");
  }
  const auto [first, is_new] = lines.emplace(file, line);
  if (!is_new) {
    throw InputError(labels_file, place,
                     fmt::format("names '{}' again, after line {}", shown(file), first->second),
                     "keep one of the lines");
  }
}

Dataset open_labelled(const fs::path& folder, const fs::path& labels_file, const std::string& name) {
  const std::string text = read_file(labels_file);
  std::vector<fs::path> files;
  std::vector<int> labels;
  std::map<std::string, int> lines;
  std::string_view rest = text;
  for (int line = 1; !rest.empty(); ++line) {
    const auto end = rest.find('\n');
    const std::string_view content = trimmed(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (content.empty()) {
      continue;
    }
    auto [file, label] = parse_line(content, labels_file.string(), fmt::format("line {}", line));
    check_file(folder, file, line, lines, labels_file.string());
    files.push_back(folder / file);
    labels.push_back(label);
  }
  if (files.empty()) {
    throw InputError(labels_file.string(), "", "names no images", "write `file label` a line");
  }
  const int classes = count_classes(labels);
  return make_dataset(name, std::move(files), std::move(labels), classes);
}

Dataset open_classes(const fs::path& folder, const std::vector<fs::path>& class_folders,
                     const std::string& name) {
  std::vector<fs::path> files;
  std::vector<int> labels;
  for (std::size_t label = 0; label < class_folders.size(); ++label) {
    for (const fs::path& file : list_folder(class_folders[label])) {
      if (is_image(file)) {
        files.push_back(file);
        labels.push_back(static_cast<int>(label));
      }
    }
  }
  if (files.empty()) {
    throw InputError(folder.string(), "", "has sub-folders, but none of them holds a JPEG or PNG image",
                     "name the folder whose sub-folders are the classes");
  }
  Dataset dataset =
      make_dataset(name, std::move(files), std::move(labels), static_cast<int>(class_folders.size()));
  for (const fs::path& class_folder : class_folders) {
    dataset.class_names.push_back(class_folder.filename().string());
  }
  return dataset;
}

}  // namespace

int count_classes(const std::vector<int>& labels) {
  return labels.empty() ? 0 : 1 + *std::max_element(labels.begin(), labels.end());
}

Dataset open_image_folder(const fs::path& folder, const std::string& name) {
  const fs::path labels_file = folder / "labels.txt";
  std::error_code ignored;
  if (fs::exists(labels_file, ignored)) {
    return open_labelled(folder, labels_file, name);
  }
  std::vector<fs::path> images;
  std::vector<fs::path> class_folders;
  for (const fs::path& entry : list_folder(folder)) {
    if (is_folder(entry)) {
      class_folders.push_back(entry);
    } else if (is_image(entry)) {
      images.push_back(entry);
    }
  }
  if (!images.empty() && !class_folders.empty()) {
    throw InputError(
        folder.string(), "",
        fmt::format("has images ({}) beside sub-folders ({})", images.front().filename().string(),
                    class_folders.front().filename().string()),
        "keep one sub-folder a class, or add labels.txt with `file label` a line");
  }
  if (images.empty() && class_folders.empty()) {
    throw InputError(
        folder.string(), "", "holds no images",
        "name a folder with one sub-folder a class, with labels.txt, with IDX files or with CIFAR-10 "
        "batches");
  }
  return class_folders.empty() ? make_dataset(name, std::move(images), {}, 0)
                               : open_classes(folder, class_folders, name);
}

}  // namespace mj
