#pragma once

#include <stdexcept>
#include <string>

namespace mj {

/// Wrong input from outside the program: a file, a value in it, an argument. Exit code 3.
/// what() is one sentence: "FILE: PLACE: PROBLEM; REMEDY" (empty parts are left out).
class InputError : public std::runtime_error {
 public:
  /// @param file    the file or argument at fault
  /// @param place   line, field or node within it ("line 3", "levels[1].words"), may be empty
  /// @param problem what is there ("is -5", "is empty")
  /// @param remedy  what would be right ("must be a positive number"), may be empty
  InputError(const std::string& file, const std::string& place, const std::string& problem,
             const std::string& remedy);
};

/// A broken promise inside the program. Exit code 1.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// The user asked to stop. Exit code 130.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// Throws InternalError with `message` unless `holds`.
inline void ensure(bool holds, const char* message) {
  if (!holds) {
    throw InternalError(message);
  }
}

}  // namespace mj
