#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace mj {

/// The whole file. Throws InputError when it is missing, a folder or unreadable.
std::string read_file(const std::filesystem::path& file);

/// Writes `content` to a temporary file beside `file`, flushes it to disk and renames it, so that `file` is
/// never half written. Throws InputError when that fails (folder missing, no permission, disk full); `file`
/// is then as before.
void write_file_atomically(const std::filesystem::path& file, std::string_view content);
/// The same, one part of the content behind the other.
void write_file_atomically(const std::filesystem::path& file, std::span<const std::string_view> parts);

/// Whether a name is that of a temporary file of write_file_atomically, which is left where the process was
/// killed.
bool is_unfinished(const std::filesystem::path& file);

/// A hash of `content` that is the same on every machine (FNV-1a, 64 bits): tells files apart, protects from
/// nothing.
/// @param before the fingerprint of what stands before `content`, if anything
uint64_t fingerprint(std::string_view content, uint64_t before = 0xcbf29ce484222325U);

/// Throws InputError unless `file` could be written now; changes nothing.
void check_writable(const std::filesystem::path& file);

}  // namespace mj
