#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "prune/energy_aware.h"

namespace mj {

/// A removed weight and by how much its return lowers the norm of the output's error.
struct Candidate {
  float gain = 0;
  int32_t column = 0;
};

/// The removed weights of one row (output channel).
struct RowCandidates {
  int64_t row = 0;
  std::vector<Candidate> removed;  ///< in any order
};

/// Weights to put back in one row.
struct RowRestored {
  int64_t row = 0;
  std::span<const Candidate> weights;
};

/// The output's error under the present support.
class OutputEffect {
 public:
  OutputEffect() = default;
  OutputEffect(const OutputEffect&) = delete;
  OutputEffect& operator=(const OutputEffect&) = delete;
  virtual ~OutputEffect() = default;

  /// Sets the gain of each candidate. Calls for different rows may run at the same time.
  virtual void set_gains(std::span<RowCandidates* const> rows) const = 0;
  /// Puts weights back at their value in problem.weights.
  virtual void restore(std::span<const RowRestored> rows, int threads) = 0;
};

/// Gains in ||Y - X A^T||_1. Holds the residual of every sample; gains take rows x D x samples steps.
/// `problem` must outlive it.
std::unique_ptr<OutputEffect> make_l1_effect(const LayerProblem& problem, const Support& kept, int threads);
/// Gains in ||Y - X A^T||_2^2, from the Gram matrix: a step a candidate. `problem` must outlive it.
std::unique_ptr<OutputEffect> make_l2_effect(const LayerProblem& problem, const Support& kept, int threads);

}  // namespace mj
