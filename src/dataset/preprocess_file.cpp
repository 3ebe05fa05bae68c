#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

#include "dataset/preprocess.h"

namespace mj {
namespace {

constexpr int64_t largest_side = 4096;

struct NumberRule {
  std::function<bool(double)> allows;
  std::string remedy;
};

/// A list of numbers, or one number for all channels; `fallback` where the field is missing or wrong.
std::vector<double> channel_numbers(const Document* value, std::vector<double> fallback, int64_t channels,
                                    const NumberRule& rule, std::vector<Problem>& problems) {
  if (value == nullptr) {
    return fallback;
  }
  const bool is_list = value->kind == Document::Kind::list;
  const std::vector<Document> items = is_list ? value->items : std::vector<Document>{*value};
  const auto count = static_cast<int64_t>(items.size());
  if (count != 1 && count != channels) {
    problems.push_back(
        {value->place(), fmt::format("has {} values", count),
         channels == 1 ? "must have one, for GRAY" : "must have three, one a channel, or one for all"});
    return fallback;
  }
  std::vector<double> numbers;
  for (const Document& item : items) {
    const auto number = as_number(item);
    if (!number || !rule.allows(*number)) {
      problems.push_back({item.place(), shown(item), rule.remedy});
      return fallback;
    }
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

int64_t channel_count(const Preprocess& preprocess) {
  return preprocess.channel_order == "GRAY" ? 1 : 3;
}

Preprocess parse_preprocess(const Document& document) {
  std::vector<Problem> problems;
  FieldReader reader(document, problems);
  Preprocess result;
  result.resize_short = reader.whole("resize_short", 0, 0, largest_side);
  result.crop = reader.whole("crop", 0, 0, largest_side);
  if (result.resize_short > 0 && result.crop > result.resize_short) {
    problems.push_back({document.find("crop")->place(), fmt::format("is {}", result.crop),
                        fmt::format("must be at most resize_short, {}", result.resize_short)});
  }
  result.channel_order = reader.text("channel_order", result.channel_order);
  if (result.channel_order != "RGB" && result.channel_order != "BGR" && result.channel_order != "GRAY") {
    problems.push_back(
        {document.find("channel_order")->place(), "is " + result.channel_order, "must be RGB, BGR or GRAY"});
  }
  result.scale = reader.number("scale", result.scale, -1e30);
  if (result.scale == 0) {
    problems.push_back(
        {document.find("scale")->place(), "is 0", "must be another number: pixels are multiplied by it"});
  }
  const int64_t channels = channel_count(result);
  const NumberRule finite{[](double) { return true; }, "must be a finite number"};
  const NumberRule positive{[](double value) { return value > 0; }, "must be a positive, finite number"};
  result.mean = channel_numbers(reader.find("mean"), result.mean, channels, finite, problems);
  result.std = channel_numbers(reader.find("std"), result.std, channels, positive, problems);
  reader.reject_unknown();
  throw_problems(document.file, problems);
  return result;
}

Preprocess read_preprocess(const std::filesystem::path& file) {
  return parse_preprocess(read_document(file));
}

std::string preprocess_text(const Preprocess& preprocess) {
  return fmt::format("resize_short: {}\ncrop: {}\nchannel_order: {}\nscale: {}\nmean: [{}]\nstd: [{}]\n",
                     preprocess.resize_short, preprocess.crop, preprocess.channel_order, preprocess.scale,
                     fmt::join(preprocess.mean, ", "), fmt::join(preprocess.std, ", "));
}

}  // namespace mj
