#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "network/network.h"
#include "workflow/prune_result.h"

namespace mj {

/// A pruning run between two rounds: all that the next one depends on.
struct RunState {
  int round = 0;        ///< rounds finished
  double step = 0;      ///< of the next round, where there is no budget
  int refinements = 0;  ///< left
  bool ended = false;
  std::string stopped_by;
  Network network;  ///< the last network that was kept
  std::vector<PruneStep> history;
};

/// The folder of one run. What it holds is always one whole state: the network is written under a new name,
/// then the state that names it replaces the old one.
class RunFolder {
 public:
  /// @param options what the run depends on, by name; a run goes on only with the same
  /// Throws InputError where the folder holds a run and `resume` is not set, where it holds something else,
  /// or where options differ (naming them).
  RunFolder(std::filesystem::path folder, const std::map<std::string, std::string>& options, bool resume);

  const std::filesystem::path& path() const { return folder_; }
  /// The state to go on from, if one was saved.
  std::optional<RunState> load() const;
  void save(const RunState& state) const;
  /// Writes a text file, atomically.
  void write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace mj
