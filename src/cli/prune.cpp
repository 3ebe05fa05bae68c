#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "cli/commands.h"
#include "cli/prune_arguments.h"
#include "cli/terminal.h"
#include "onnx/onnx_file.h"
#include "report/front_report.h"
#include "report/prune_report.h"

namespace mj::cli {
namespace {

constexpr double default_front_end = 0.4;

void record(Network& network, const PruneResult& result, const std::string& preprocess) {
  network.metadata["millijoule.version"] = MJ_VERSION;
  network.metadata["millijoule.method"] = result.method;
  network.metadata["millijoule.accelerator"] = result.accelerator;
  network.metadata["millijoule.batch"] = fmt::format("{}", result.batch);
  network.metadata["millijoule.energy_before"] = fmt::format("{}", result.before.energy);
  network.metadata["millijoule.energy_after"] = fmt::format("{}", result.after.energy);
  network.metadata["millijoule.preprocess"] = preprocess;
}

std::string shell_quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

std::string resume_command(const PruneArguments& arguments) {
  std::string command;
  for (const std::string& word : arguments.command_line) {
    const bool plain = word.find_first_of(" \t'\"\\$*?;&|<>()") == std::string::npos;
    command += (command.empty() ? "" : " ") + (plain ? word : shell_quoted(word));
  }
  return arguments.resume ? command : command + " --resume";
}

void say_missed(const PruneOutcome& outcome) {
  fmt::print(stderr, "mj: the target cannot be reached: {}; the best network found is {}\n",
             outcome.shortfall, outcome.result.output);
}

void write_network(PruneOutcome& outcome, const std::string& output, const RunFolder* run,
                   const std::string& preprocess) {
  record(outcome.network, outcome.result, preprocess);
  outcome.result.output = output;
  write_onnx(outcome.network, output);
  if (run != nullptr) {
    run->write("result.json", prune_json(outcome.result));
  }
}

int finish(PruneOutcome& outcome, const PruneArguments& arguments, const RunFolder* run,
           const std::string& preprocess) {
  write_network(outcome, arguments.output, run, preprocess);
  if (!arguments.json.empty()) {
    write_output(arguments.json, prune_json(outcome.result));
  }
  if (arguments.json != "-") {
    write_output("-", prune_text(outcome.result));
  }
  if (!outcome.reached) {
    say_missed(outcome);
    return target_missed;
  }
  return done;
}

/// "small.onnx" to "small-70.onnx", "small-front.svg".
std::string beside(const std::string& output, const std::string& suffix) {
  const std::filesystem::path path(output);
  return (path.parent_path() / (path.stem().string() + "-" + suffix)).string();
}

/// The least is what --energy says.
std::vector<double> front_budgets(const PruneArguments& arguments, const PruneJob& job) {
  const double least = job.options.target.energy_share.value_or(default_front_end);
  std::vector<double> budgets;
  for (int i = 1; i <= arguments.pareto; ++i) {
    // Of equal steps, so that 40 % is 0.4.
    budgets.push_back(std::round(1e9 * (1 - (1 - least) * i / arguments.pareto)) / 1e9);
  }
  return budgets;
}

std::string percent_name(double share) {
  return fmt::format("{:.4g}", 100 * share);
}

/// Whether there is a gnuplot that drew it. It reads a file: a pipe to one that is not there would end this
/// program by a signal.
bool draw_front(const std::vector<FrontNetwork>& networks, const std::string& file) {
  const std::filesystem::path commands = file + ".commands";
  const std::filesystem::path unfinished = file + ".drawing";
  write_file_atomically(commands, front_plot(networks));
  const std::string gnuplot =
      fmt::format("gnuplot {} 2> /dev/null > {}", shell_quoted(commands), shell_quoted(unfinished));
  const bool drawn = std::system(gnuplot.c_str()) == 0;
  if (drawn) {
    write_file_atomically(file, read_file(unfinished));
  }
  std::error_code ignored;
  std::filesystem::remove(commands, ignored);
  std::filesystem::remove(unfinished, ignored);
  return drawn;
}

int run_front(const PruneArguments& arguments, PruneJob job, const std::string& preprocess,
              const ProgressCallback& progress, const std::stop_token& stop) {
  std::vector<FrontNetwork> networks;
  bool reached = true;
  const std::vector<double> budgets = front_budgets(arguments, job);
  job.options.target.max_drop.reset();
  FrontMember member;
  if (!arguments.run.empty()) {
    member.open_run = [&](const PruneJob& each) {
      const auto folder =
          std::filesystem::path(arguments.run) / percent_name(*each.options.target.energy_share);
      return std::make_unique<RunFolder>(folder, run_options(arguments, each, preprocess), arguments.resume);
    };
  }
  member.finish = [&](PruneOutcome outcome, double share, const RunFolder* run) {
    write_network(outcome, beside(arguments.output, percent_name(share) + ".onnx"), run, preprocess);
    reached = reached && outcome.reached;
    if (!outcome.reached) {
      say_missed(outcome);
    }
    networks.push_back({share, std::move(outcome.result)});
  };
  prune_front(std::move(job), budgets, member, progress, stop);
  write_file_atomically(beside(arguments.output, "front.csv"), front_csv(networks));
  if (!draw_front(networks, beside(arguments.output, "front.svg"))) {
    fmt::print(stderr, "mj: no picture of the front, as there is no gnuplot (Debian: gnuplot-nox)\n");
  }
  if (!arguments.json.empty()) {
    write_output(arguments.json, front_json(networks));
  }
  if (arguments.json != "-") {
    write_output("-", front_text(networks));
  }
  return reached ? done : target_missed;
}

int run_one(const PruneArguments& arguments, const PruneJob& job, const std::string& preprocess,
            const ProgressCallback& progress, const std::stop_token& stop) {
  check_job(job);
  std::unique_ptr<RunFolder> run;
  if (!arguments.run.empty()) {
    run =
        std::make_unique<RunFolder>(arguments.run, run_options(arguments, job, preprocess), arguments.resume);
  }
  PruneOutcome outcome = prune_network(job, run.get(), progress, stop);
  return finish(outcome, arguments, run.get(), preprocess);
}

int run_prune(const PruneArguments& arguments) {
  const auto stop = stop_on_signals();
  check_outputs({{"--output", arguments.output}, {"--json", arguments.json}}, {arguments.model});
  check_writable(arguments.output);
  if (!arguments.json.empty() && arguments.json != "-") {
    check_writable(arguments.json);
  }
  auto [job, preprocess] = prepare_job(arguments);
  try {
    ProgressPrinter printer(false);
    return arguments.pareto > 0 ? run_front(arguments, std::move(job), preprocess, printer.callback(), stop)
                                : run_one(arguments, job, preprocess, printer.callback(), stop);
  } catch (const Interrupted&) {
    if (arguments.run.empty()) {
      fmt::print(stderr, "mj: interrupted; {} (--run DIR keeps what is finished)\n",
                 arguments.pareto > 0 ? "networks that were finished are written" : "nothing was written");
    } else {
      fmt::print(stderr, "mj: interrupted; finished layers and epochs are in {}; go on with\n  {}\n",
                 arguments.run, resume_command(arguments));
    }
    return interrupted;
  }
}

}  // namespace

void add_prune(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  auto arguments = std::make_shared<PruneArguments>();
  arguments->command_line = command_line;
  CLI::App* command =
      app.add_subcommand("prune", "Remove the weights that cost most energy and matter least");
  add_prune_options(*command, *arguments);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_prune(*arguments); }; });
}

}  // namespace mj::cli
