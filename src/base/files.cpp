#include "base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace mj {
namespace {

constexpr const char* unfinished_extension = ".part";

[[noreturn]] void fail_to_write(const std::filesystem::path& file, int error) {
  throw InputError(file.string(), "", std::string("cannot be written (") + std::strerror(error) + ")",
                   "name a file in an existing, writable folder with room left");
}

void write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      throw std::system_error(errno, std::generic_category());
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_and_sync(int descriptor, std::span<const std::string_view> parts) {
  for (const std::string_view part : parts) {
    write_all(descriptor, part);
  }
  if (::fsync(descriptor) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
}

/// Creates a temporary file beside `file` and opens it; its name is left in `name`.
int open_beside(const std::filesystem::path& file, std::string& name) {
  // A process of the same number that was killed may have left the first names.
  constexpr int most_tries = 100;
  int descriptor = -1;
  for (int i = 0; i < most_tries && descriptor < 0; ++i) {
    name = file.string() + '.' + std::to_string(::getpid());
    if (i > 0) {
      name += '-' + std::to_string(i);
    }
    name += unfinished_extension;
    descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno != EEXIST) {
      break;
    }
  }
  return descriptor;
}

/// A device or pipe is written in place: renaming over it would replace it.
bool is_special(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored);
}

void write_special(const std::filesystem::path& file, std::span<const std::string_view> parts) {
  std::ofstream stream(file, std::ios::binary);
  for (const std::string_view part : parts) {
    stream.write(part.data(), static_cast<std::streamsize>(part.size()));
  }
  if (!stream.flush()) {
    fail_to_write(file, errno);
  }
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    throw InputError(file.string(), "", "does not exist", "name an existing file");
  }
  if (std::filesystem::is_directory(status)) {
    throw InputError(file.string(), "", "is a folder", "name a file");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw InputError(file.string(), "", std::string("cannot be read (") + std::strerror(errno) + ")",
                     "name a readable file");
  }
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.bad()) {
    throw InputError(file.string(), "", "cannot be read to its end", "");
  }
  return std::move(content).str();
}

void write_file_atomically(const std::filesystem::path& file, std::string_view content) {
  write_file_atomically(file, std::span(&content, 1));
}

void write_file_atomically(const std::filesystem::path& file, std::span<const std::string_view> parts) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    fail_to_write(file, EISDIR);
  }
  if (is_special(file)) {
    write_special(file, parts);
    return;
  }
  std::string temporary;
  const int descriptor = open_beside(file, temporary);
  if (descriptor < 0) {
    fail_to_write(file, errno);
  }
  try {
    write_and_sync(descriptor, parts);
  } catch (const std::system_error& failure) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    fail_to_write(file, failure.code().value());
  }
  ::close(descriptor);
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail_to_write(file, error);
  }
}

bool is_unfinished(const std::filesystem::path& file) {
  return file.extension() == unfinished_extension;
}

uint64_t fingerprint(std::string_view content, uint64_t before) {
  uint64_t hash = before;
  for (const char c : content) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}

void check_writable(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    fail_to_write(file, EISDIR);
  }
  if (is_special(file)) {
    return;
  }
  std::string temporary;
  const int descriptor = open_beside(file, temporary);
  if (descriptor < 0) {
    fail_to_write(file, errno);
  }
  ::close(descriptor);
  ::unlink(temporary.c_str());
}

}  // namespace mj
