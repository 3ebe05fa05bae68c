#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace mj {

/// CRC-32 of PNG and gzip (RFC 1952, section 8).
inline uint32_t crc32_of(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
  }
  return ~crc;
}

inline uint32_t crc32_of(const std::vector<uint8_t>& bytes) {
  return crc32_of(std::string(bytes.begin(), bytes.end()));
}

inline std::string big_endian(uint32_t value, int bytes = 4) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text += static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xFFU);
  }
  return text;
}

inline std::string little_endian(uint32_t value, int bytes = 4) {
  const std::string text = big_endian(value, bytes);
  return {text.rbegin(), text.rend()};
}

/// One uncompressed deflate block; at most 65535 bytes.
inline std::string stored_deflate(const std::string& bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  return '\x01' + little_endian(size, 2) + little_endian(~size & 0xFFFFU, 2) + bytes;
}

inline std::string gzip(const std::string& bytes) {
  const std::string header("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);
  return header + stored_deflate(bytes) + little_endian(crc32_of(bytes)) +
         little_endian(static_cast<uint32_t>(bytes.size()));
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  return big_endian(static_cast<uint32_t>(data.size())) + type + data + big_endian(crc32_of(type + data));
}

struct PngHeader {
  uint32_t width = 1, height = 1;
  char bit_depth = 8;
  char colour_type = 2;  ///< 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  char interlaced = 0;
};

/// @param rows   filtered rows: a filter byte, then the row's bytes
/// @param chunks what stands between header and data
inline std::string png(const PngHeader& header, const std::string& rows, const std::string& chunks = {}) {
  uint32_t low = 1;
  uint32_t high = 0;
  for (const char byte : rows) {  // Adler-32, RFC 1950
    low = (low + static_cast<uint8_t>(byte)) % 65521;
    high = (high + low) % 65521;
  }
  const std::string head = big_endian(header.width) + big_endian(header.height) + header.bit_depth +
                           header.colour_type + std::string(2, '\0') + header.interlaced;
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", head) + chunks +
         png_chunk("IDAT", "\x78\x01" + stored_deflate(rows) + big_endian(high << 16U | low)) +
         png_chunk("IEND", "");
}

inline std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

inline void write(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

/// An 8-bit RGB PNG of one pixel.
inline std::string one_pixel_png(const std::array<char, 3>& rgb) {
  return png({}, std::string(1, '\0') + std::string(rgb.begin(), rgb.end()));
}

}  // namespace mj
