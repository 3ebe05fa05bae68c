#pragma once

#include <cstdint>

namespace mj {

/// IEEE 754 binary16 and bfloat16 bits as floats: exact, NaN payloads included.
float from_float16(uint16_t bits);
float from_bfloat16(uint16_t bits);

/// The nearest value of the narrow type, ties to even; the largest finite one where a finite number is beyond
/// it. Inverse of the above for what they give.
uint16_t to_float16(float value);
uint16_t to_bfloat16(float value);

}  // namespace mj
