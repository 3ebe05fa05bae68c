#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace mj {

/// The whole file. Throws InputError when it is missing, a folder or unreadable.
std::string read_file(const std::filesystem::path& file);

/// Writes `content` to a temporary file beside `file`, flushes it to disk and renames it, so that `file` is
/// never half written. Throws InputError when that fails (folder missing, no permission, disk full); `file`
/// is then as before.
void write_file_atomically(const std::filesystem::path& file, std::string_view content);

/// A hash of `content` that is the same on every machine (FNV-1a, 64 bits): tells files apart, protects from
/// nothing.
uint64_t fingerprint(std::string_view content);

/// Throws InputError unless `file` could be written now; changes nothing.
void check_writable(const std::filesystem::path& file);

}  // namespace mj
