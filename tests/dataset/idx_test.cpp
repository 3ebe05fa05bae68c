#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/files.h"
#include "base/random.h"
#include "dataset/dataset.h"
#include "dataset/sources.h"
#include "error_of.h"
#include "hand_made_files.h"
#include "temporary_folder.h"

namespace mj {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path fashion_folder = "/usr/share/datasets/fashion-mnist";

std::string idx_images(uint32_t count, uint32_t height, uint32_t width, const std::string& pixels) {
  return big_endian(0x803) + big_endian(count) + big_endian(height) + big_endian(width) + pixels;
}

std::string idx_labels(const std::string& labels) {
  return big_endian(0x801) + big_endian(static_cast<uint32_t>(labels.size())) + labels;
}

/// Two images of 1 x 3 pixels with labels 4 and 9.
void write_pair(const std::filesystem::path& folder) {
  write(folder / "train-images-idx3-ubyte", idx_images(2, 1, 3, "abcdef"));
  write(folder / "train-labels-idx1-ubyte", idx_labels("\x04\x09"));
}

TEST(UnitIdx, ImagesAreGreyInTheOrderOfTheFile) {
  const TemporaryFolder folder;
  write_pair(folder.path());
  const std::string argument = folder.path().string() + ":train";
  const Dataset dataset = open_dataset(argument);
  EXPECT_EQ(dataset.name, argument);
  EXPECT_EQ(dataset.size, 2U);
  EXPECT_EQ(dataset.classes, 10);
  EXPECT_THAT(dataset.labels, ElementsAre(4, 9));
  const Image image = dataset.read(1);
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(image.width, 3);
  EXPECT_EQ(image.channels, 1);
  EXPECT_THAT(image.pixels, ElementsAre('d', 'e', 'f'));
  EXPECT_EQ(image.name, (folder.path() / "train-images-idx3-ubyte").string() + ": image 1");
}

TEST(UnitIdx, GzipFilesAreReadToo) {
  const TemporaryFolder folder;
  const std::string pixels(2 * 100 * 300, 'p');  // more than the decompressor's first room
  write(folder.path() / "t10k-images-idx3-ubyte.gz", gzip(idx_images(2, 100, 300, pixels)));
  write(folder.path() / "t10k-labels-idx1-ubyte.gz", gzip(idx_labels(std::string("\x00\x01", 2))));
  const Dataset dataset = open_dataset(folder.path().string() + ":test");
  EXPECT_EQ(dataset.size, 2U);
  EXPECT_EQ(dataset.classes, 2);
  EXPECT_THAT(dataset.read(1).pixels, Each('p'));
}

TEST(UnitIdx, OnlyTheLastPartOfTheArgumentNamesTheSplit) {
  const TemporaryFolder folder;
  write_pair(folder.path() / "a:test");
  EXPECT_EQ(open_dataset((folder.path() / "a:test").string() + ":train").size, 2U);
}

TEST(UnitIdx, CopiesShareTheBytes) {
  const TemporaryFolder folder;
  write_pair(folder.path());
  Dataset copy;
  {
    const Dataset dataset = open_dataset(folder.path().string() + ":train");
    copy = select(dataset, {1});
  }
  EXPECT_THAT(copy.read(0).pixels, ElementsAre('d', 'e', 'f'));
}

// RFC 1952, section 2.2: members follow each other.
TEST(UnitGzip, MembersAreJoined) {
  EXPECT_EQ(gunzip(gzip("one ") + gzip("two"), 100, "f.gz"), "one two");
  EXPECT_EQ(gunzip(gzip("one ") + gzip("two"), 6, "f.gz"), "one tw");
  EXPECT_EQ(gunzip(gzip("one") + std::string(8, '\0'), 100, "f.gz"), "one");
}

TEST(ErrorsGzip, DamageIsNamed) {
  const std::string whole = gzip("some text");
  EXPECT_EQ(error_of([&] { gunzip(whole.substr(0, whole.size() - 1), 100, "f.gz"); }),
            "f.gz: is not a readable gzip file (ends early); replace it by an intact file");
  std::string damaged = whole;
  damaged[16] ^= 1;
  EXPECT_EQ(error_of([&] { gunzip(damaged, 100, "f.gz"); }),
            "f.gz: is not a readable gzip file (incorrect data check); replace it by an intact file");
  EXPECT_EQ(error_of([&] { gunzip("plain", 100, "f.gz"); }),
            "f.gz: is not a readable gzip file (incorrect header check); replace it by an intact file");
  EXPECT_EQ(error_of([&] { gunzip("", 100, "f.gz"); }),
            "f.gz: is not a readable gzip file (ends early); replace it by an intact file");
}

TEST(ErrorsIdx, APartMustBeNamed) {
  const TemporaryFolder folder;
  write_pair(folder.path());
  const std::string name = folder.path().string();
  EXPECT_EQ(error_of([&] { open_dataset(name); }),
            name + ": has a training part and a test part; write " + name + ":train or " + name + ":test");
  EXPECT_EQ(error_of([&] { open_dataset(name + ":test"); }),
            name + ": has no t10k-images-idx3-ubyte and no t10k-images-idx3-ubyte.gz; add it");
}

TEST(ErrorsIdx, HeadersAreCheckedAgainstTheFile) {
  const TemporaryFolder folder;
  write_pair(folder.path());
  const std::string file = (folder.path() / "train-images-idx3-ubyte").string();
  const auto error_with = [&](const std::string& bytes) {
    write(file, bytes);
    return error_of([&] { open_dataset(folder.path().string() + ":train"); });
  };
  EXPECT_EQ(error_with(""),
            file +
                ": header: has 0 bytes only; an IDX file of bytes with 3 dimensions starts with "
                "00000803 and the sizes");
  EXPECT_EQ(
      error_with(std::string(20, 'x')),
      file +
          ": header: starts with 78787878; an IDX file of bytes with 3 dimensions starts with 00000803 and "
          "the sizes");
  EXPECT_EQ(error_with(idx_images(2, 1, 3, "abcde")),
            file + ": header: states 2 x 1 x 3 bytes of data, but 5 follow; replace it by an intact file");
  EXPECT_EQ(error_with(idx_images(2, 1, 3, "abcdefg")),
            file + ": header: states 2 x 1 x 3 bytes of data, but more follow; replace it by an intact file");
  EXPECT_EQ(error_with(idx_images(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, "abcdefg")),
            file +
                ": header: states 4294967295 x 4294967295 x 4294967295 bytes of data, more than the file can "
                "hold; replace it by an intact file");
  EXPECT_EQ(error_with(idx_images(0, 28, 28, "")),
            file + ": header: states 0 x 28 x 28 bytes of data; there must be at least one image");
  EXPECT_EQ(error_with(idx_images(3, 1, 3, "abcdefghi")),
            (folder.path() / "train-labels-idx1-ubyte").string() + ": header: states 2 labels; " + file +
                " has 3 images");
}

TEST(PropertyIdx, TruncatedAndDamagedFilesAreRefusedOrRead) {
  const TemporaryFolder folder;
  const std::string argument = folder.path().string() + ":train";
  write(folder.path() / "train-labels-idx1-ubyte", idx_labels("\x04\x09"));
  const std::string whole = gzip(idx_images(2, 1, 3, "abcdef"));
  Random random(5);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(folder.path() / "train-images-idx3-ubyte.gz", whole.substr(0, size));
    EXPECT_THAT(error_of([&] { open_dataset(argument); }), HasSubstr("train-images-idx3-ubyte.gz: ")) << size;
  }
  for (int round = 0; round < 200; ++round) {
    std::string damaged = whole;
    damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    write(folder.path() / "train-images-idx3-ubyte.gz", damaged);
    try {
      EXPECT_EQ(open_dataset(argument).size, 2U);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("train-images-idx3-ubyte.gz: "));
    }
  }
}

TEST(ErrorsFashionMnist, ThePackageIsNamedWhereItIsMissing) {
  if (std::filesystem::exists(fashion_folder)) {
    GTEST_SKIP() << fashion_folder << " is there";
  }
  EXPECT_EQ(error_of([] { open_dataset("fashion-mnist:train"); }),
            "fashion-mnist:train: is not installed; install Debian's package dataset-fashion-mnist");
}

TEST(ErrorsFashionMnist, APartMustBeNamed) {
  EXPECT_EQ(
      error_of([] { open_dataset("fashion-mnist"); }),
      "fashion-mnist: has a training part and a test part; write fashion-mnist:train or fashion-mnist:test");
}

TEST(UnitFashionMnist, AFolderOfThatNameGoesFirst) {
  const TemporaryFolder folder;
  write_pair(folder.path() / "fashion-mnist");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Dataset dataset = open_dataset("fashion-mnist:train");
  std::filesystem::current_path(before);
  EXPECT_EQ(dataset.size, 2U);
}

// Xiao, Rasul, Vollgraf 2017: 60,000 and 10,000 images of 28 x 28 in 10 classes of equal size; the first
// training image is an ankle boot, 9.
TEST(GoldenFashionMnist, HasThePublishedSizes) {
  if (!std::filesystem::exists(fashion_folder)) {
    GTEST_SKIP() << "needs Debian's package dataset-fashion-mnist";
  }
  const Dataset train = open_dataset("fashion-mnist:train");
  EXPECT_EQ(train.size, 60000U);
  EXPECT_EQ(train.classes, 10);
  EXPECT_EQ(train.labels[0], 9);
  const Dataset test = open_dataset("fashion-mnist:test");
  EXPECT_EQ(test.size, 10000U);
  EXPECT_EQ(test.classes, 10);
  std::array<int, 10> images{};
  for (const int label : test.labels) {
    ++images.at(static_cast<std::size_t>(label));
  }
  EXPECT_THAT(images, Each(1000));
  const Image last = test.read(9999);
  EXPECT_EQ(last.height, 28);
  EXPECT_EQ(last.width, 28);
}

}  // namespace
}  // namespace mj
