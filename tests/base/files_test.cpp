#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "temporary_folder.h"

namespace mj {
namespace {

TEST(UnitFiles, WritesReplaceTheWholeFileAndLeaveNothingBeside) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "out.txt";
  write_file_atomically(file, "a longer first text");
  write_file_atomically(file, "second");
  EXPECT_EQ(read_file(file), "second");
  const std::filesystem::directory_iterator entries(folder.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(UnitFiles, WhatAKilledProcessOfTheSameNumberLeftIsNoHindrance) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.txt";
  const auto left = folder.path() / ("a.txt." + std::to_string(getpid()) + ".part");
  write_file_atomically(left, "half");
  check_writable(file);
  write_file_atomically(file, "whole");
  EXPECT_EQ(read_file(file), "whole");
  EXPECT_TRUE(is_unfinished(left));
  EXPECT_FALSE(is_unfinished(file));
}

TEST(UnitFiles, DevicesAreWrittenInPlace) {
  write_file_atomically("/dev/null", "text");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(ErrorsFiles, AMissingFolderIsNamed) {
  try {
    write_file_atomically("no/such/folder/x.json", "text");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "no/such/folder/x.json: cannot be written (No such file or directory); name a file in an "
                 "existing, writable folder with room left");
  }
}

TEST(ErrorsFiles, AFolderIsNoFile) {
  const TemporaryFolder folder;
  EXPECT_THROW(read_file(folder.path()), InputError);
  EXPECT_THROW(write_file_atomically(folder.path(), "text"), InputError);
  EXPECT_THROW(check_writable(folder.path()), InputError);
}

TEST(ErrorsFiles, AFullDiskLeavesTheOldFile) {
  // /dev/full is the kernel's own disk without room.
  EXPECT_THROW(write_file_atomically("/dev/full", "text"), InputError);
}

}  // namespace
}  // namespace mj
