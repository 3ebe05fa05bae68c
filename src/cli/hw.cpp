#include <fmt/format.h>

#include <memory>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "hardware/accelerator.h"

namespace mj::cli {
namespace {

int list_presets() {
  std::string text;
  for (const std::string& name : preset_names()) {
    text += name + "\n";
  }
  write_output("-", text);
  return done;
}

int show_preset(const std::string& name) {
  write_output("-", preset_text(name));
  return done;
}

int check_file(const std::string& file) {
  const Accelerator accelerator = read_accelerator(file);
  write_output("-", printable_lines(fmt::format("{}: accelerator {} is in order: {} levels\n", file,
                                                accelerator.name, accelerator.levels.size())));
  return done;
}

}  // namespace

void add_hw(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("hw", "Accelerators: list, show, check");
  command->require_subcommand(1);
  command->add_subcommand("list", "The built-in accelerators")->callback([&chosen] {
    chosen = list_presets;
  });

  auto name = std::make_shared<std::string>();
  CLI::App* show = command->add_subcommand("show", "A built-in accelerator as YAML, a start for one's own");
  show->add_option("NAME", *name, "One of mj hw list")->required();
  show->callback([name, &chosen] { chosen = [name] { return show_preset(*name); }; });

  auto file = std::make_shared<std::string>();
  CLI::App* check = command->add_subcommand("check", "Explain every problem of an accelerator file");
  check->add_option("FILE", *file, "YAML file")->required();
  check->callback([file, &chosen] { chosen = [file] { return check_file(*file); }; });
  command->footer(
      "Examples:\n"
      "  mj hw list\n"
      "  mj hw show eyeriss > mine.yaml\n"
      "  mj hw check mine.yaml");
}

}  // namespace mj::cli
