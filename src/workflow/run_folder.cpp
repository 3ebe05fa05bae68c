#include "workflow/run_folder.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "onnx/onnx_file.h"

namespace mj {
namespace {

constexpr const char* options_name = "options.yaml";
constexpr const char* state_name = "state.yaml";

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
    const std::string before = old == nullptr ? "nothing" : old->scalar;
    if (before != value) {
      differences +=
          fmt::format("{}{} was {} and is {}", differences.empty() ? "" : ", ", name, before, value);
    }
  }
  if (!differences.empty()) {
    throw InputError(file.parent_path().string(), "", "holds a run with other options: " + differences,
                     "resume with the same options and model, or name another folder");
  }
}

std::string network_name(int round) {
  return fmt::format("network-{}.onnx", round);
}

std::string step_text(const PruneStep& step) {
  const auto share = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : "none";
  };
  return fmt::format("  - {{ step: {}, energy: {}, top1: {}, top5: {}, kept: {} }}\n", step.step, step.energy,
                     share(step.top1), share(step.top5), step.kept);
}

std::optional<double> optional_number(FieldReader& reader, const char* key) {
  return reader.text(key) == "none" ? std::nullopt : std::optional(reader.required_number(key, 0));
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder, const std::map<std::string, std::string>& options,
                     bool resume)
    : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (!std::filesystem::is_directory(folder_)) {
    throw InputError(folder_.string(), "", "is no folder and cannot be made one",
                     "name a new or empty folder");
  }
  const auto saved = folder_ / options_name;
  if (std::filesystem::exists(saved)) {
    if (!resume) {
      throw InputError(folder_.string(), "", "holds a run",
                       "add --resume to go on with it, or name a new folder");
    }
    refuse_other_options(saved, options);
    return;
  }
  if (!std::filesystem::is_empty(folder_)) {
    throw InputError(folder_.string(), "", "is not empty and holds no run", "name a new or empty folder");
  }
  write_file_atomically(saved, options_text(options));
}

std::optional<RunState> RunFolder::load() const {
  const auto file = folder_ / state_name;
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  const Document document = read_document(file);
  std::vector<Problem> problems;
  FieldReader reader(document, problems);
  RunState state;
  state.round = static_cast<int>(reader.required_whole("round", 0, 1000000));
  state.step = reader.required_number("step", 0, 1);
  state.refinements = static_cast<int>(reader.required_whole("refinements", 0, 1000));
  state.ended = reader.flag("ended", false);
  state.stopped_by = reader.text("stopped_by");
  const std::string network = reader.required_text("network");
  if (const Document* history = reader.require("history"); history != nullptr) {
    for (const Document& item : history->items) {
      FieldReader entry(item, problems);
      PruneStep step;
      step.step = static_cast<int>(entry.required_whole("step", 0, 1000000));
      step.energy = entry.required_number("energy", 0);
      step.top1 = optional_number(entry, "top1");
      step.top5 = optional_number(entry, "top5");
      step.kept = entry.flag("kept", true);
      state.history.push_back(step);
    }
  }
  throw_problems(file.string(), problems);
  state.network = read_onnx(folder_ / network);
  return state;
}

void RunFolder::save(const RunState& state) const {
  const std::string network = network_name(state.round);
  write_onnx(state.network, folder_ / network);
  std::string text =
      fmt::format("round: {}\nstep: {}\nrefinements: {}\nended: {}\nstopped_by: {}\nnetwork: {}\nhistory:\n",
                  state.round, state.step, state.refinements, state.ended, quoted(state.stopped_by), network);
  for (const PruneStep& step : state.history) {
    text += step_text(step);
  }
  if (state.history.empty()) {
    text += "  []\n";
  }
  write_file_atomically(folder_ / state_name, text);
  std::error_code ignored;
  std::filesystem::remove(folder_ / network_name(state.round - 1), ignored);
}

void RunFolder::write(const std::string& name, const std::string& content) const {
  write_file_atomically(folder_ / name, content);
}

}  // namespace mj
