#include "base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace mj {

void prefer_huge_pages(void* data, std::size_t bytes) {
  constexpr std::size_t fewest_bytes = std::size_t{4} << 20;
  constexpr std::uintptr_t page = 4096;
  if (bytes < fewest_bytes) {
    return;
  }
  const std::uintptr_t past = reinterpret_cast<std::uintptr_t>(data) + page - 1;
  auto* first = static_cast<std::byte*>(data) + (past / page * page - reinterpret_cast<std::uintptr_t>(data));
  madvise(first, bytes - page, MADV_HUGEPAGE);  // It is a wish: a failure changes nothing.
}

}  // namespace mj
