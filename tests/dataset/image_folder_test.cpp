#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/dataset.h"
#include "error_of.h"
#include "hand_made_files.h"
#include "shared_data.h"
#include "temporary_folder.h"

namespace mj {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int> first_bytes(const Dataset& dataset) {
  std::vector<int> result;
  for (std::size_t i = 0; i < dataset.size; ++i) {
    result.push_back(dataset.read(i).pixels.at(0));
  }
  return result;
}

/// The error that opening `folder` gives, the folder's own name replaced by FOLDER.
std::string error_of_opening(const std::filesystem::path& folder, const std::string& suffix = "") {
  std::string message = error_of([&] { open_dataset(folder.string() + suffix); });
  const std::string name = folder.string();
  for (auto at = message.find(name); at != std::string::npos; at = message.find(name)) {
    message.replace(at, name.size(), "FOLDER");
  }
  return message;
}

TEST(UnitImageFolder, SortedSubFoldersAreTheClasses) {
  const TemporaryFolder folder;
  write(folder.path() / "dog/1.png", one_pixel_png({30, 0, 0}));
  write(folder.path() / "cat/b.PNG", one_pixel_png({20, 0, 0}));
  write(folder.path() / "cat/a.png", one_pixel_png({10, 0, 0}));
  write(folder.path() / "cat/notes.txt", "not an image");
  write(folder.path() / ".hidden/a.png", one_pixel_png({0, 0, 0}));
  std::filesystem::create_directory(folder.path() / "bird");
  const Dataset dataset = open_dataset(folder.path().string());
  EXPECT_EQ(dataset.name, folder.path().string());
  EXPECT_EQ(dataset.size, 3U);
  EXPECT_EQ(dataset.classes, 3);  // bird is 0 and has no images
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"bird", "cat", "dog"}));
  EXPECT_THAT(dataset.labels, ElementsAre(1, 1, 2));
  EXPECT_THAT(first_bytes(dataset), ElementsAre(10, 20, 30));
  EXPECT_EQ(dataset.read(2).name, (folder.path() / "dog/1.png").string());
}

TEST(UnitImageFolder, LabelsTxtGivesFilesAndLabels) {
  const TemporaryFolder folder;
  write(folder.path() / "z.png", one_pixel_png({1, 0, 0}));
  write(folder.path() / "sub/with blank.png", one_pixel_png({2, 0, 0}));
  write(folder.path() / "unlisted.png", one_pixel_png({3, 0, 0}));
  write(folder.path() / "labels.txt", "z.png 7\r\n\n  sub/with blank.png \t0 \n");
  const Dataset dataset = open_dataset(folder.path().string() + "/");
  EXPECT_EQ(dataset.classes, 8);
  EXPECT_THAT(dataset.labels, ElementsAre(7, 0));
  EXPECT_THAT(first_bytes(dataset), ElementsAre(1, 2));
}

TEST(UnitImageFolder, ImagesAloneHaveNoLabels) {
  const TemporaryFolder folder;
  write(folder.path() / "b.png", one_pixel_png({2, 0, 0}));
  write(folder.path() / "a.png", one_pixel_png({1, 0, 0}));
  const Dataset dataset = open_dataset(folder.path().string());
  EXPECT_EQ(dataset.size, 2U);
  EXPECT_EQ(dataset.classes, 0);
  EXPECT_THAT(dataset.labels, IsEmpty());
  EXPECT_THAT(first_bytes(dataset), ElementsAre(1, 2));
}

TEST(UnitImageFolder, ANameMayHoldColons) {
  const TemporaryFolder folder;
  write(folder.path() / "a:train:b/1.png", one_pixel_png({1, 0, 0}));
  EXPECT_EQ(open_dataset((folder.path() / "a:train:b").string()).size, 1U);
}

TEST(UnitImageFolder, SelectionsKeepOrderLabelsAndClasses) {
  const TemporaryFolder folder;
  for (const char name : {'1', '2', '3'}) {
    write(folder.path() / std::string(1, name) / "a.png", one_pixel_png({name, 0, 0}));
  }
  const Dataset two = select(open_dataset(folder.path().string()), {2, 0});
  EXPECT_EQ(two.size, 2U);
  EXPECT_EQ(two.classes, 3);
  EXPECT_THAT(two.labels, ElementsAre(2, 0));
  EXPECT_THAT(first_bytes(two), ElementsAre('3', '1'));
  EXPECT_THROW(select(two, {2}), InternalError);
}

TEST(ErrorsImageFolder, EveryFaultyLineOfLabelsTxtIsNamed) {
  const TemporaryFolder folder;
  write(folder.path() / "a.png", one_pixel_png({1, 0, 0}));
  const auto error_with = [&](const std::string& labels) {
    write(folder.path() / "labels.txt", labels);
    return error_of_opening(folder.path());
  };
  EXPECT_EQ(error_with(""), "FOLDER/labels.txt: names no images; write `file label` a line");
  EXPECT_EQ(error_with("a.png 1\nb.png 2\n"),
            "FOLDER/labels.txt: line 2: names 'b.png', which is not in the folder; add the image or remove "
            "the line");
  EXPECT_EQ(error_with("\na.png\n"), "FOLDER/labels.txt: line 2: is 'a.png'; write `file label`");
  EXPECT_EQ(error_with("a.png cat\n"),
            "FOLDER/labels.txt: line 1: has label 'cat'; labels are whole numbers from 0 to 999999");
  EXPECT_EQ(error_with("a.png -1\n"),
            "FOLDER/labels.txt: line 1: has label '-1'; labels are whole numbers from 0 to 999999");
  EXPECT_EQ(error_with("a.png 1.5"),
            "FOLDER/labels.txt: line 1: has label '1.5'; labels are whole numbers from 0 to 999999");
  EXPECT_EQ(error_with("a.png 99999999999999999999"),
            "FOLDER/labels.txt: line 1: has label '99999999999999999999'; labels are whole numbers from 0 to "
            "999999");
  EXPECT_EQ(error_with("a.png 1\na.png 2\n"),
            "FOLDER/labels.txt: line 2: names 'a.png' again, after line 1; keep one of the lines");
  EXPECT_EQ(error_with(std::string("\x01\xFF\x07", 3)),
            "FOLDER/labels.txt: line 1: is '?\xFF?'; write `file label`");
}

TEST(ErrorsImageFolder, FoldersWithoutImagesAreRefused) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of_opening(folder.path()),
            "FOLDER: holds no images; name a folder with one sub-folder a class, with labels.txt, with IDX "
            "files or "
            "with CIFAR-10 batches");
  write(folder.path() / "train/cat/a.png", one_pixel_png({1, 0, 0}));
  EXPECT_EQ(error_of_opening(folder.path()),
            "FOLDER: has sub-folders, but none of them holds a JPEG or PNG image; name the folder whose "
            "sub-folders "
            "are the classes");
  write(folder.path() / "b.png", one_pixel_png({1, 0, 0}));
  EXPECT_EQ(
      error_of_opening(folder.path()),
      "FOLDER: has images (b.png) beside sub-folders (train); keep one sub-folder a class, or add labels.txt "
      "with `file label` a line");
}

TEST(ErrorsImageFolder, ADamagedImageIsNamedWhenItIsRead) {
  const TemporaryFolder folder;
  write(folder.path() / "0/a.jpg", "not a JPEG");
  const Dataset dataset = open_dataset(folder.path().string());
  EXPECT_EQ(error_of([&] { dataset.read(0); }),
            (folder.path() / "0/a.jpg").string() +
                ": is neither a JPEG nor a PNG image; convert it to one of them");
}

TEST(ErrorsDataset, WhatIsNoFolderIsNamed) {
  const TemporaryFolder folder;
  write(folder.path() / "file", "");
  EXPECT_EQ(error_of_opening(folder.path() / "file"),
            "FOLDER: is not a folder; name a folder of images, NumPy arrays, IDX files or CIFAR-10 batches");
  EXPECT_EQ(
      error_of_opening(folder.path() / "missing", ":test"),
      "FOLDER:test: does not exist; name a folder of images, NumPy arrays, IDX files or CIFAR-10 batches");
  EXPECT_EQ(error_of([] { open_dataset(""); }),
            ": does not exist; name a folder of images, NumPy arrays, IDX files or CIFAR-10 batches");
}

TEST(ErrorsDataset, APartOfAnImageFolderIsRefused) {
  const TemporaryFolder folder;
  write(folder.path() / "0/a.png", one_pixel_png({1, 0, 0}));
  EXPECT_EQ(
      error_of_opening(folder.path(), ":train"),
      "FOLDER: holds neither IDX files nor CIFAR-10 batches; name a folder of images without ':train'; else "
      "train-images-idx3-ubyte, t10k-images-idx3-ubyte (plain or .gz), data_batch_*.bin or test_batch.bin "
      "must "
      "be in it");
}

// The counts and classes of the folders' README.
TEST(DataGoldenImageFolder, TheImageNetFoldersAreWhole) {
  MJ_NEED_SHARED_DATA("images/imagenet_evaluation");
  const Dataset calibration = open_dataset(shared_data("images/imagenet_calibration").string());
  EXPECT_EQ(calibration.size, 1000U);
  EXPECT_EQ(calibration.classes, 1000);
  EXPECT_EQ(calibration.labels[2], 2);
  const Dataset evaluation = open_dataset(shared_data("images/imagenet_evaluation").string());
  EXPECT_EQ(evaluation.size, 1139U);
  EXPECT_EQ(evaluation.classes, 999);  // the last class has no image
  EXPECT_EQ(evaluation.labels[0], 887);
  EXPECT_EQ(evaluation.read(0).width, 256);
}

}  // namespace
}  // namespace mj
