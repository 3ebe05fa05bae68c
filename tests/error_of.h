#pragma once

#include <string>

#include "base/error.h"

namespace mj {

/// The message of the InputError that `call` throws.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace mj
