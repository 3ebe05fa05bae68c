#pragma once

#include <cstddef>
#include <vector>

namespace mj {

/// Asks for huge pages where the system gives them on request: it provides memory page by page as it is first
/// written, and with pages of 4 kB that takes longer than the writing. Of blocks below 4 MB nothing is asked.
/// @param data not written yet
void prefer_huge_pages(void* data, std::size_t bytes);

/// Makes room for `count` values in such memory.
template <typename T>
void reserve_in_huge_pages(std::vector<T>& values, std::size_t count) {
  if (count > values.capacity()) {
    values.reserve(count);
    prefer_huge_pages(values.data() + values.size(), (count - values.size()) * sizeof(T));
  }
}

/// Appends zeros, or removes values, in such memory.
template <typename T>
void resize_in_huge_pages(std::vector<T>& values, std::size_t count) {
  reserve_in_huge_pages(values, count);
  values.resize(count);
}

template <typename T>
std::vector<T> copy_in_huge_pages(const std::vector<T>& values) {
  std::vector<T> copy;
  reserve_in_huge_pages(copy, values.size());
  copy.insert(copy.end(), values.begin(), values.end());
  return copy;
}

}  // namespace mj
