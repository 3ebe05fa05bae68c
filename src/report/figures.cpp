#include "report/figures.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace mj {
namespace {

struct Scaled {
  double value = 0;
  std::size_t thousands = 0;  ///< how often it was divided by 1000
};

/// Divides by 1000 until one decimal shows less than 1000.0, at most `most` times.
Scaled scale(double value, std::size_t most) {
  constexpr double rounds_up_to_1000 = 999.95;
  Scaled scaled{value, 0};
  while (std::abs(scaled.value) >= rounds_up_to_1000 && scaled.thousands < most) {
    scaled.value /= 1000;
    ++scaled.thousands;
  }
  return scaled;
}

}  // namespace

std::string si_figure(double value) {
  constexpr std::array<std::string_view, 6> suffixes{"", " k", " M", " G", " T", " P"};
  if (!std::isfinite(value)) {
    return "-";
  }
  if (std::abs(value) < 1000 && value == std::round(value)) {
    return fmt::format("{:.0f}", value);
  }
  const Scaled scaled = scale(value, suffixes.size() - 1);
  return fmt::format("{:.1f}{}", scaled.value, suffixes[scaled.thousands]);
}

std::string percentage(double fraction) {
  return std::isfinite(fraction) ? fmt::format("{:.1f}%", 100 * fraction) : "-";
}

std::string joules(double picojoules) {
  constexpr std::array<std::string_view, 5> units{"pJ", "nJ", "µJ", "mJ", "J"};
  if (!std::isfinite(picojoules)) {
    return "-";
  }
  const Scaled scaled = scale(picojoules, units.size() - 1);
  return fmt::format("{:.1f} {}", scaled.value, units[scaled.thousands]);
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) {
    return "-";
  }
  if (seconds < 59.95) {
    return fmt::format("{:.1f} s", seconds);
  }
  const double whole = std::round(seconds);
  const double minutes = std::floor(whole / 60);
  if (minutes < 60) {
    return fmt::format("{:.0f} min {:.0f} s", minutes, whole - 60 * minutes);
  }
  return fmt::format("{:.0f} h {:.0f} min", std::floor(minutes / 60), std::fmod(minutes, 60));
}

double ratio(double part, double whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : part / whole;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string result = "\"";
  for (const char letter : text) {
    result += letter;
    if (letter == '"') {
      result += letter;
    }
  }
  return result + "\"";
}

std::optional<int64_t> whole_count(double value) {
  constexpr double exact_below = 9007199254740992.0;
  if (std::isfinite(value) && value == std::floor(value) && std::abs(value) < exact_below) {
    return static_cast<int64_t>(value);
  }
  return std::nullopt;
}

}  // namespace mj
