#include "runtime/fold_weights.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "onnx/computed_constants.h"
#include "onnx/onnx_file.h"
#include "runtime/executable_operators.h"
#include "runtime/runtime.h"

namespace mj {

void fold_computed_weights(Network& network) {
  const Network part = computed_constants(network);
  if (part.outputs.empty() || !std::all_of(part.nodes.begin(), part.nodes.end(), is_executable)) {
    return;
  }
  std::vector<Tensor> results = open_session(part, {})->run({});
  std::map<std::string, Tensor> values;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (is_floating(results[i].type)) {
      results[i].type = part.outputs[i].type;
      values.emplace(part.outputs[i].name, std::move(results[i]));
    }
  }
  replace_by_constants(network, std::move(values));
  round_constants(network);
}

}  // namespace mj
