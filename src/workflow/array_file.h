#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mj {

/// Collects arrays for a file that is read on the machine that wrote it: each as it is in memory, behind its
/// length in bytes. The arrays are not copied.
class ArrayWriter {
 public:
  void add(std::span<const float> values) { add_bytes(std::as_bytes(values)); }
  void add(std::span<const double> values) { add_bytes(std::as_bytes(values)); }
  /// The file's content, valid as long as the writer and the arrays are.
  const std::vector<std::string_view>& parts() const { return parts_; }
  uint64_t content_fingerprint() const;

 private:
  void add_bytes(std::span<const std::byte> bytes);

  std::deque<uint64_t> lengths_;
  std::vector<std::string_view> parts_;
};

/// Reads such a file. Throws InputError where it ends too early or an array is not of the type asked for.
class ArrayReader {
 public:
  explicit ArrayReader(const std::filesystem::path& file);

  /// Of the whole content, as of the writer's parts.
  uint64_t content_fingerprint() const;
  bool at_end() const { return position_ == content_.size(); }
  template <class T>
  std::vector<T> next() {
    const std::string_view bytes = next_bytes(sizeof(T));
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) {
      std::memcpy(values.data(), bytes.data(), bytes.size());
    }
    return values;
  }
  [[noreturn]] void reject(const std::string& problem) const;

 private:
  std::string_view next_bytes(std::size_t unit);

  std::filesystem::path file_;
  std::string content_;
  std::size_t position_ = 0;
};

}  // namespace mj
