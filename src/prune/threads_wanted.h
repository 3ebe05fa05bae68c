#pragma once

#include "base/threads.h"

namespace mj {

/// The number of threads for an option in which 0 stands for all available.
inline int threads_wanted(int option) {
  return option > 0 ? option : available_threads();
}

}  // namespace mj
