#include "workflow/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "workflow/state_values.h"
#include "workflow/trials_text.h"

namespace mj {
namespace {

constexpr const char* options_name = "options.yaml";
constexpr const char* state_name = "state.yaml";
constexpr const char* values_extension = ".values";

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result + "\"";
}

std::string options_text(const std::map<std::string, std::string>& options) {
  std::string text = "# What this run depends on; it goes on only with the same.\n";
  for (const auto& [name, value] : options) {
    text += fmt::format("{}: {}\n", name, quoted(value));
  }
  return text;
}

void refuse_other_options(const std::filesystem::path& file,
                          const std::map<std::string, std::string>& options) {
  const Document saved = read_document(file);
  std::string differences;
  for (const auto& [name, value] : options) {
    const Document* old = saved.find(name);
    if (old == nullptr) {
      throw InputError(file.string(), "", fmt::format("does not say '{}'", name),
                       "another version made it, or it was changed: start the run again in a new folder");
    }
    if (old->scalar != value) {
      differences +=
          fmt::format("{}{} was {} and is {}", differences.empty() ? "" : ", ", name, old->scalar, value);
    }
  }
  if (!differences.empty()) {
    throw InputError(file.parent_path().string(), "", "holds a run with other options: " + differences,
                     "resume with the same options and model, or name another folder");
  }
}

std::string kept_name(const RunState& state) {
  return fmt::format("kept-{}{}", state.round, values_extension);
}

std::string begun_name(const RunState& state) {
  const RoundState& begun = *state.begun;
  return fmt::format("begun-{}-{}-{}-{}-{}{}", state.round + 1, begun.corrections, begun.pruned,
                     begun.taken_back, begun.training.epochs, values_extension);
}

std::string trials_name(int round) {
  return fmt::format("trials-{}.yaml", round);
}

std::filesystem::path made_folder(std::filesystem::path folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(folder.string(), "", "is no folder and cannot be made one",
                     "name a new or empty folder");
  }
  return folder;
}

/// Whether a kill left the file before there was a run.
bool is_unfinished_start(const std::filesystem::path& file) {
  return is_unfinished(file) && file.filename().string().starts_with(options_name);
}

bool is_empty_but_for_start(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator files(folder);
  return std::all_of(begin(files), end(files),
                     [](const auto& entry) { return is_unfinished_start(entry.path()); });
}

ArrayReader open_values(const std::filesystem::path& folder, const ValueFile& file) {
  if (!std::filesystem::exists(folder / file.name)) {
    throw InputError((folder / file.name).string(), "", "is missing", "start the run again in a new folder");
  }
  ArrayReader reader(folder / file.name);
  if (reader.content_fingerprint() != file.fingerprint) {
    reader.reject("is not as it was written: it is cut off or was changed");
  }
  return reader;
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder, const std::map<std::string, std::string>& options,
                     bool resume, double share)
    : folder_(made_folder(std::move(folder))), lock_(folder_), share_(share), saved_(Clock::now()) {
  const auto saved = folder_ / options_name;
  if (std::filesystem::exists(saved)) {
    if (!resume) {
      throw InputError(folder_.string(), "", "holds a run",
                       "add --resume to go on with it, or name a new folder");
    }
    refuse_other_options(saved, options);
    return;
  }
  if (!is_empty_but_for_start(folder_)) {
    throw InputError(folder_.string(), "", "is not empty and holds no run", "name a new or empty folder");
  }
  write_file_atomically(saved, options_text(options));
}

std::optional<RunState> RunFolder::load(const Network& dense) {
  const auto file = folder_ / state_name;
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  RunState state = read_state_text(file, files_);
  ArrayReader kept = open_values(folder_, files_.kept);
  read_kept(kept, dense, state);
  if (state.begun) {
    state.begun->network = dense;
    if (state.begun->best) {
      state.begun->best = dense;
    }
    ArrayReader begun = open_values(folder_, *files_.begun);
    read_begun(begun, *state.begun);
  }
  return state;
}

void RunFolder::save(const RunState& state) {
  const Clock::time_point start = Clock::now();
  StateFiles files = files_;
  if (files.kept.name != kept_name(state)) {
    ArrayWriter values;
    add_kept(values, state);
    files.kept = write_values(kept_name(state), values);
  }
  if (!state.begun) {
    files.begun.reset();
  } else if (!files.begun || files.begun->name != begun_name(state)) {
    ArrayWriter values;
    add_begun(values, *state.begun);
    files.begun = write_values(begun_name(state), values);
  }
  write_file_atomically(folder_ / state_name, state_text(state, files));
  files_ = std::move(files);
  clean();
  note_save(start);
}

void RunFolder::save_if_due(const RunState& state) {
  if (is_due()) {
    save(state);
  }
}

bool RunFolder::is_due() const {
  using Seconds = std::chrono::duration<double>;
  return share_ * Seconds(Clock::now() - saved_) >= Seconds(cost_);
}

void RunFolder::note_save(Clock::time_point start) {
  saved_ = Clock::now();
  cost_ = saved_ - start;
}

TrialResults RunFolder::load_trials(int round) const {
  const auto file = folder_ / trials_name(round);
  return std::filesystem::exists(file) ? read_trials_text(file) : TrialResults();
}

void RunFolder::save_trials(int round, const TrialResults& results) {
  const Clock::time_point start = Clock::now();
  write(trials_name(round), trials_text(results));
  note_save(start);
}

void RunFolder::save_trials_if_due(int round, const TrialResults& results) {
  if (is_due()) {
    save_trials(round, results);
  }
}

ValueFile RunFolder::write_values(const std::string& name, const ArrayWriter& values) const {
  write_file_atomically(folder_ / name, values.parts());
  return {name, values.content_fingerprint()};
}

bool RunFolder::is_superfluous(const std::filesystem::path& file) const {
  const std::string name = file.filename().string();
  const bool named = name == files_.kept.name || (files_.begun && name == files_.begun->name);
  return is_unfinished(file) || (file.extension() == values_extension && !named);
}

void RunFolder::clean() const {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (is_superfluous(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::error_code ignored;
  for (const auto& file : files) {
    std::filesystem::remove(file, ignored);
  }
}

void RunFolder::write(const std::string& name, const std::string& content) const {
  write_file_atomically(folder_ / name, content);
}

void RunFolder::log(const std::string& line) const {
  const auto file = folder_ / "log.txt";
  std::ofstream stream(file, std::ios::app);
  stream << line << '\n';
  if (!stream.flush()) {
    throw InputError(file.string(), "", fmt::format("cannot be written ({})", std::strerror(errno)),
                     "make room; --resume goes on from the last checkpoint");
  }
}

}  // namespace mj
