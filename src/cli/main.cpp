#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <new>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace {

using namespace mj;       // NOLINT(google-build-using-namespace): the program is the library's user
using namespace mj::cli;  // NOLINT(google-build-using-namespace)

int run(const Command& command) {
  try {
    return command();
  } catch (const InputError& error) {
    fmt::print(stderr, "mj: {}\n", printable_lines(error.what()));
    return bad_input;
  } catch (const Interrupted&) {
    fmt::print(stderr, "mj: interrupted; nothing was written\n");
    return interrupted;
  } catch (const CLI::ValidationError& error) {
    fmt::print(stderr, "mj: {}\n", error.what());
    return bad_usage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "mj: not enough memory; use a smaller model, batch or number of images\n");
    return bad_input;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mj: internal fault: {} (please report this with the command and its input)\n",
               error.what());
    return fault;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (computes_much(argv)) {
    choose_math_kernels(argv);
  }
  CLI::App app("mj: the energy of neural networks, estimated and reduced", "mj");
  app.set_version_flag("--version", "mj " MJ_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Start with\n"
      "  mj estimate net.onnx                      where its energy goes\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 50%\n"
      "mj COMMAND --help shows a command's options and examples.");
  Command chosen;
  add_estimate(app, chosen);
  add_eval(app, chosen);
  add_prune(app, chosen, {argv, argv + argc});
  add_compare(app, chosen);
  add_hw(app, chosen);
  const std::vector<CLI::App*> commands = app.get_subcommands({});
  for (CLI::App* command : commands) {
    refuse_empty_values(*command);
  }
  if (argc > 1 && argv[1][0] != '-' &&
      std::none_of(commands.begin(), commands.end(),
                   [&](const CLI::App* command) { return command->get_name() == argv[1]; })) {
    fmt::print(stderr, "mj: '{}' is no command; commands are estimate, eval, prune, compare and hw\n",
               printable_lines(argv[1]));
    return bad_usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : bad_usage;
  }
  return run(chosen);
}
