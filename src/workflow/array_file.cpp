#include "workflow/array_file.h"

#include "base/error.h"
#include "base/files.h"

namespace mj {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void ArrayWriter::add_bytes(std::span<const std::byte> bytes) {
  lengths_.push_back(bytes.size());
  parts_.push_back(as_text(std::as_bytes(std::span(&lengths_.back(), 1))));
  parts_.push_back(as_text(bytes));
}

uint64_t ArrayWriter::content_fingerprint() const {
  uint64_t hash = fingerprint({});
  for (const std::string_view part : parts_) {
    hash = fingerprint(part, hash);
  }
  return hash;
}

ArrayReader::ArrayReader(const std::filesystem::path& file) : file_(file), content_(read_file(file)) {}

uint64_t ArrayReader::content_fingerprint() const {
  return fingerprint(content_);
}

void ArrayReader::reject(const std::string& problem) const {
  throw InputError(file_.string(), "", problem, "start the run again in a new folder");
}

std::string_view ArrayReader::next_bytes(std::size_t unit) {
  uint64_t length = 0;
  if (content_.size() - position_ < sizeof(length)) {
    reject("ends too early");
  }
  std::memcpy(&length, content_.data() + position_, sizeof(length));
  position_ += sizeof(length);
  if (length > content_.size() - position_) {
    reject("ends too early");
  }
  if (length % unit != 0) {
    reject("holds other values than expected");
  }
  const std::string_view bytes = std::string_view(content_).substr(position_, length);
  position_ += length;
  return bytes;
}

}  // namespace mj
