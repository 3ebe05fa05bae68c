#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mj {

/// A number with an SI suffix and one decimal: "387.7 M", "12.3 k"; below 1000 whole numbers without
/// decimals: "227".
/// "-" where it is not finite.
std::string si_figure(double value);

/// "41.2%" for 0.412; "-" where it is not finite.
std::string percentage(double fraction);

/// Picojoules with the fitting unit: "4.6 µJ"; "-" where they are not finite.
std::string joules(double picojoules);

/// "12.3 s", "2 min 5 s", "1 h 2 min".
std::string duration(double seconds);

/// part / whole; not a number where `whole` is 0.
double ratio(double part, double whole);

/// A field of a CSV file, in quotes where RFC 4180 wants them.
std::string csv_field(const std::string& text);

/// A count that may be a mean, as a whole number where it is one that a double holds exactly.
std::optional<int64_t> whole_count(double value);

}  // namespace mj
