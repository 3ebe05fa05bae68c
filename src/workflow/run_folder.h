#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "network/network.h"
#include "workflow/array_file.h"
#include "workflow/folder_lock.h"
#include "workflow/run_state.h"
#include "workflow/state_text.h"
#include "workflow/trial_results.h"

namespace mj {

/// The folder of one run. What it holds is always one whole state: arrays are written under new names, then
/// the state that names them replaces the old one, then files that it does not name go.
class RunFolder {
 public:
  /// Of the time between two rounds, for checkpoints.
  static constexpr double default_share = 0.04;

  /// @param options what the run depends on, by name; a run goes on only with the same
  /// @param share of the time that checkpoints may take
  /// Throws InputError where the folder holds a run and `resume` is not set, where it holds something else,
  /// where another process uses it, or where options differ (naming them).
  RunFolder(std::filesystem::path folder, const std::map<std::string, std::string>& options, bool resume,
            double share = default_share);

  const std::filesystem::path& path() const { return folder_; }
  /// The state to go on from, if one was saved. Throws InputError where it is damaged.
  /// @param dense the network that the run began with
  std::optional<RunState> load(const Network& dense);
  void save(const RunState& state);
  /// Saves unless the last save was so short ago that saving would take more than its share of the time.
  void save_if_due(const RunState& state);
  /// What trying told before a round began, as far as it came.
  TrialResults load_trials(int round) const;
  void save_trials(int round, const TrialResults& results);
  void save_trials_if_due(int round, const TrialResults& results);
  /// Writes a text file, atomically.
  void write(const std::string& name, const std::string& content) const;
  /// Adds a line to log.txt.
  void log(const std::string& line) const;

 private:
  using Clock = std::chrono::steady_clock;

  bool is_due() const;
  /// @param start of a save that has just ended
  void note_save(Clock::time_point start);
  ValueFile write_values(const std::string& name, const ArrayWriter& values) const;
  bool is_superfluous(const std::filesystem::path& file) const;
  void clean() const;

  std::filesystem::path folder_;
  FolderLock lock_;
  double share_;
  StateFiles files_;  ///< of the state that is saved
  Clock::time_point saved_;
  Clock::duration cost_{};  ///< of the last save
};

}  // namespace mj
