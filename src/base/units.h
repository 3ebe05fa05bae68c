#pragma once

#include <compare>

namespace mj {

/// A number with a unit; units do not mix.
template <class Unit>
struct Quantity {
  double value = 0;

  auto operator<=>(const Quantity&) const = default;  // NOLINT(modernize-use-nullptr): a false alarm
  Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
  friend Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  friend Quantity operator*(Quantity a, double factor) { return {a.value * factor}; }
  friend Quantity operator*(double factor, Quantity a) { return {a.value * factor}; }
  friend Quantity operator/(Quantity a, double divisor) { return {a.value / divisor}; }
  friend double operator/(Quantity a, Quantity b) { return a.value / b.value; }
};

/// Words as wide as the accelerator's (16 bits in the presets); fractions arise from compression and
/// averages.
using Words = Quantity<struct WordsUnit>;
/// Energy in units of one 16-bit MAC, the unit of Eyeriss (ISCA 2016, Table IV).
using Energy = Quantity<struct MacUnit>;
using Picojoules = Quantity<struct PicojouleUnit>;
using Cycles = Quantity<struct CycleUnit>;

}  // namespace mj
