#pragma once

#include <fmt/format.h>

#include <string>

/// A row for the table of bench/fidelity: a published or otherwise computed figure beside ours.
inline void record_figure(const std::string& figure, double ours, double reference,
                          const std::string& source) {
  fmt::print("| {} | {:.4g} | {:.4g} | {:+.1f} % | {} |\n", figure, ours, reference,
             (ours / reference - 1) * 100, source);
}
