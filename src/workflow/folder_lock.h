#pragma once

#include <filesystem>

namespace mj {

/// A folder that this process alone uses, for as long as this lives; it is free again when the process is
/// killed. On file systems without locks it holds nothing.
class FolderLock {
 public:
  /// Throws InputError where another process has the folder.
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int descriptor_;
};

}  // namespace mj
