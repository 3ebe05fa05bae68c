#include "report/eval_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/figures.h"
#include "report/text_table.h"

namespace mj {

std::string eval_text(const EvalReport& report) {
  return fmt::format("{} on {}, {} image{}\ntop-1  {}\ntop-5  {}\ntime   {}\n", printable(report.model),
                     printable(report.dataset), report.images, report.images == 1 ? "" : "s",
                     percentage(report.top1), percentage(report.top5), duration(report.seconds));
}

std::string eval_json(const EvalReport& report) {
  using Json = nlohmann::ordered_json;
  const Json json{{"schema", "millijoule.eval/1"}, {"model", report.model}, {"dataset", report.dataset},
                  {"images", report.images},       {"top1", report.top1},   {"top5", report.top5},
                  {"seconds", report.seconds}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mj
