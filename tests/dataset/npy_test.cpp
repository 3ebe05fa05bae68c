#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "dataset/dataset.h"
#include "temporary_folder.h"

namespace mj {
namespace {

/// The bytes of numpy.save (NEP 1, version 1.0): the header is padded to a multiple of 64.
std::string npy(const std::string& type, const std::string& shape, const std::string& values) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((header.size() + 10) / 64 * 64 + 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFFU);
  bytes += static_cast<char>(header.size() >> 8U);
  return bytes + header + values;
}

Dataset opened(const std::string& images, const std::string& labels, const std::string& part = {}) {
  const TemporaryFolder folder;
  const std::string prefix = part.empty() ? "" : part + "-";
  write_file_atomically(folder.path() / (prefix + "images.npy"), images);
  if (!labels.empty()) {
    write_file_atomically(folder.path() / (prefix + "labels.npy"), labels);
  }
  return open_dataset(folder.path().string() + (part.empty() ? "" : ":" + part));
}

std::string message_of(const std::string& images, const std::string& labels) {
  try {
    opened(images, labels);
  } catch (const InputError& error) {
    const std::string message = error.what();
    return message.substr(message.rfind('/', message.find(".npy")) + 1);
  }
  return "accepted";
}

TEST(UnitNpy, GreyImagesWithLabelsOfEightBytes) {
  const std::string labels("\x02\0\0\0\0\0\0\0\x00\0\0\0\0\0\0\0", 16);
  const Dataset dataset = opened(npy("|u1", "2, 2, 3", "abcdefghijkl"), npy("<i8", "2,", labels));
  EXPECT_EQ(dataset.size, 2U);
  EXPECT_EQ(dataset.labels, (std::vector<int>{2, 0}));
  EXPECT_EQ(dataset.classes, 3);
  const Image image = dataset.read(1);
  EXPECT_EQ(image.height, 2);
  EXPECT_EQ(image.width, 3);
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{'g', 'h', 'i', 'j', 'k', 'l'}));
}

TEST(UnitNpy, ColourImagesOfAPartWithoutLabels) {
  const Dataset dataset = opened(npy("|u1", "2, 1, 2, 3", "abcdefghijkl"), "", "train");
  EXPECT_EQ(dataset.size, 2U);
  EXPECT_TRUE(dataset.labels.empty());
  EXPECT_EQ(dataset.read(0).channels, 3);
}

TEST(ErrorsNpy, WhatIsNoSuchArrayIsNamed) {
  const std::string good = npy("|u1", "2, 1, 2", "abcd");
  EXPECT_EQ(message_of("text", ""),
            "images.npy: is no NumPy array; must start with \\x93NUMPY, as numpy.save writes it");
  EXPECT_EQ(
      message_of(npy("<f4", "1, 1, 1", "abcd"), ""),
      "images.npy: header: is 1 x 1 x 1 of type <f4; must be images x rows x columns, or with 3 channels "
      "behind them, of type uint8 (|u1)");
  EXPECT_EQ(
      message_of(npy("|u1", "2, 1, 3", "abcd"), ""),
      "images.npy: header: states 2 x 1 x 3 values of type |u1, but 4 bytes follow; replace it by an intact "
      "file");
  EXPECT_EQ(message_of(good, npy("|u1", "3,", "abc")),
            "labels.npy: header: is 3 of type |u1; must be 2 whole numbers, one an image");
  EXPECT_EQ(message_of(good, npy("<i4", "2,", std::string("\0\0\0\0\xFF\xFF\xFF\xFF", 8))),
            "labels.npy: value 1: is no class; must be a whole number from 0");
  EXPECT_EQ(message_of(npy("|u1", "99999999999, 99999999999, 99999999999", "abcd"), "").substr(0, 18),
            "images.npy: header");
}

TEST(ErrorsNpy, TruncatedFilesAreRefused) {
  const std::string good = npy("|u1", "2, 1, 2", "abcd");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(message_of(good.substr(0, size), ""), "accepted") << size;
  }
}

}  // namespace
}  // namespace mj
