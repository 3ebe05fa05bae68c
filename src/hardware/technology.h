#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"

namespace mj {

/// An energy as a publication states it.
struct Cost {
  double value = 0;
  std::string unit;  ///< "MAC" (one 16-bit MAC) or "pJ"
  std::string source;
};

/// Energies of one process, by the names that an accelerator's file uses for them.
struct Technology {
  std::string name;
  std::map<std::string, Cost, std::less<>> costs;
};

/// Names of the built-in technologies, sorted.
std::vector<std::string> technology_names();
/// The YAML text of a built-in technology. Throws InputError that lists the names where there is none.
std::string technology_text(std::string_view name);

/// `problems` receives everything wrong; the result is usable only when it stays empty.
Technology parse_technology(const Document& document, std::vector<Problem>& problems);

/// Energies of an accelerator's file: numbers in MACs, or names of its technology's costs.
struct CostScale {
  const Technology* technology = nullptr;  ///< may be absent
  double mac_picojoules = 0;               ///< turns pJ into MACs; 0: unknown
};

/// A cost in MACs, at least 0.
double read_energy(const Document& value, const CostScale& scale, std::vector<Problem>& problems);
/// A cost in picojoules, above 0.
double read_picojoules(const Document& value, const CostScale& scale, std::vector<Problem>& problems);

}  // namespace mj
