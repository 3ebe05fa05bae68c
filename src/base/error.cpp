#include "base/error.h"

namespace mj {
namespace {

std::string sentence(const std::string& file, const std::string& place, const std::string& problem,
                     const std::string& remedy) {
  std::string text = file;
  if (!place.empty()) {
    text += ": " + place;
  }
  text += ": " + problem;
  if (!remedy.empty()) {
    text += "; " + remedy;
  }
  return text;
}

}  // namespace

InputError::InputError(const std::string& file, const std::string& place, const std::string& problem,
                       const std::string& remedy)
    : std::runtime_error(sentence(file, place, problem, remedy)) {}

}  // namespace mj
