#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <climits>

#include "base/error.h"
#include "dataset/sources.h"

namespace mj {
namespace {

/// A running decompression.
struct Inflater {
  z_stream stream{};
  Inflater() {
    constexpr int expect_gzip_header = 16;
    ensure(inflateInit2(&stream, MAX_WBITS + expect_gzip_header) == Z_OK, "zlib gave no decompressor");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

[[noreturn]] void fail(const std::string& file, std::string_view reason) {
  throw InputError(file, "", fmt::format("is not a readable gzip file ({})", reason),
                   "replace it by an intact file");
}

/// gzip files may follow each other in one file (RFC 1952, section 2.2).
bool another_member_follows(const z_stream& stream) {
  return stream.avail_in >= 2 && stream.next_in[0] == 0x1F && stream.next_in[1] == 0x8B;
}

}  // namespace

std::string gunzip(std::string_view compressed, std::size_t bound, const std::string& file) {
  constexpr std::size_t first_room = std::size_t{1} << 16U;
  if (compressed.size() > UINT_MAX) {
    fail(file, "is larger than 4 GB");
  }
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string bytes;
  std::size_t filled = 0;
  while (filled < bound) {
    // Room grows with what really comes: `bound` may be what a damaged header states.
    if (filled == bytes.size()) {
      bytes.resize(std::min(bound, std::max(first_room, 2 * filled)));
    }
    const std::size_t room = std::min<std::size_t>(bytes.size() - filled, UINT_MAX);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + filled);
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    if (status == Z_STREAM_END && another_member_follows(stream)) {
      inflateReset(&stream);
    } else if (status == Z_STREAM_END) {
      break;
    } else if (status == Z_BUF_ERROR) {
      fail(file, "ends early");
    } else if (status != Z_OK) {
      fail(file, stream.msg == nullptr ? "damaged" : stream.msg);
    }
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace mj
