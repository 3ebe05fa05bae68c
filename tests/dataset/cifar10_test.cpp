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

/// A record whose planes are each of one value, but for the first red pixel.
std::string record(char label, char red, char green, char blue, char first_red) {
  std::string bytes = label + std::string(1024, red) + std::string(1024, green) + std::string(1024, blue);
  bytes[1] = first_red;
  return bytes;
}

TEST(UnitCifar10, PlanesBecomePixels) {
  const TemporaryFolder folder;
  write(folder.path() / "test_batch.bin", record(3, 10, 20, 30, 40) + record(0, 1, 2, 3, 4));
  const Dataset dataset = open_dataset(folder.path().string() + ":test");
  EXPECT_EQ(dataset.size, 2U);
  EXPECT_EQ(dataset.classes, 10);
  EXPECT_THAT(dataset.labels, ElementsAre(3, 0));
  const Image image = dataset.read(0);
  EXPECT_EQ(image.height, 32);
  EXPECT_EQ(image.width, 32);
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(std::vector<int>(image.pixels.begin(), image.pixels.begin() + 6),
              ElementsAre(40, 20, 30, 10, 20, 30));
  EXPECT_EQ(dataset.read(1).name, (folder.path() / "test_batch.bin").string() + ": record 1");
}

TEST(UnitCifar10, BatchesFollowTheirNumbers) {
  const TemporaryFolder folder;
  write(folder.path() / "data_batch_10.bin", record(7, 0, 0, 0, 0));
  write(folder.path() / "data_batch_2.bin", record(5, 0, 0, 0, 0) + record(6, 0, 0, 0, 0));
  write(folder.path() / "data_batch_1.bin", record(4, 0, 0, 0, 0));
  const Dataset dataset = open_dataset(folder.path().string() + ":train");
  EXPECT_THAT(dataset.labels, ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(dataset.read(2).name, (folder.path() / "data_batch_2.bin").string() + ": record 1");
  EXPECT_EQ(dataset.read(3).name, (folder.path() / "data_batch_10.bin").string() + ": record 0");
}

TEST(ErrorsCifar10, RecordsMustBeWhole) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "test_batch.bin").string();
  const auto error_with = [&](const std::string& bytes) {
    write(file, bytes);
    return error_of([&] { open_dataset(folder.path().string() + ":test"); });
  };
  EXPECT_EQ(error_with(std::string(3074, '\0')),
            file + ": has 3074 bytes; must hold whole CIFAR-10 records of 3073 bytes");
  EXPECT_EQ(error_with(""), file + ": has 0 bytes; must hold whole CIFAR-10 records of 3073 bytes");
  EXPECT_EQ(error_with(record(9, 0, 0, 0, 0) + record(10, 0, 0, 0, 0)),
            file + ": record 1: has label 10; labels of CIFAR-10 are 0 to 9");
}

TEST(ErrorsCifar10, APartMustBeNamedAndThere) {
  const TemporaryFolder folder;
  write(folder.path() / "test_batch.bin", record(3, 10, 20, 30, 40));
  const std::string name = folder.path().string();
  EXPECT_EQ(error_of([&] { open_dataset(name); }),
            name + ": has a training part and a test part; write " + name + ":train or " + name + ":test");
  EXPECT_EQ(error_of([&] { open_dataset(name + ":train"); }),
            name + ": has no data_batch_*.bin; add it, or name the other part");
  write(folder.path() / "t10k-images-idx3-ubyte", "");
  EXPECT_EQ(error_of([&] { open_dataset(name + ":test"); }),
            name + ": holds both IDX files and CIFAR-10 batches; keep one kind in a folder");
}

// The counts of the folders' README; 500 a class in cifar10_jpeg.
TEST(DataGoldenCifar10, TheFoldersAreWhole) {
  MJ_NEED_SHARED_DATA("cifar10");
  const std::string folder = shared_data("cifar10").string();
  EXPECT_EQ(open_dataset(folder + ":train").size, 5085U);
  const Dataset test = open_dataset(folder + ":test");
  EXPECT_EQ(test.size, 508U);
  EXPECT_EQ(test.classes, 10);
  EXPECT_EQ(test.labels[0], 3);  // the first test image of CIFAR-10 is a cat
  const Dataset compressed = open_dataset(shared_data("cifar10_jpeg").string() + ":test");
  EXPECT_EQ(compressed.size, 5000U);
  EXPECT_EQ(std::count(compressed.labels.begin(), compressed.labels.end(), 9), 500);
}

}  // namespace
}  // namespace mj
