#pragma once

#include <cstddef>
#include <string>

namespace mj {

/// A network's accuracy on a data set; top1 and top5 are fractions.
struct EvalReport {
  std::string model, dataset;
  std::size_t images = 0;
  double top1 = 0, top5 = 0;
  double seconds = 0;
};

/// A few lines for people.
std::string eval_text(const EvalReport& report);

/// JSON, schema "millijoule.eval/1".
std::string eval_json(const EvalReport& report);

}  // namespace mj
