#pragma once

#include <functional>
#include <string>

namespace mj {

/// One step of long work, for whoever shows it.
struct Progress {
  std::string stage;         ///< what is being done ("round 2: conv3")
  double fraction = 0;       ///< of the stage, 0 to 1
  std::string detail;        ///< figures so far ("energy 41.2 %, top-1 91.8 %"), may be empty
  bool stage_ended = false;  ///< `detail` is final and worth a line of its own
};

using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace mj
