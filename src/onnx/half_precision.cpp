#include "onnx/half_precision.h"

#include <bit>
#include <cmath>

namespace mj {
namespace {

constexpr uint32_t infinity = 0x7F800000;
constexpr uint32_t float16_overflow = 0x477FF000;      ///< 65520, half a step above the largest float16
constexpr uint32_t float16_least_normal = 0x38800000;  ///< 2^-14
constexpr uint32_t exponent_shift = 0x38000000;        ///< difference of the biases, 112, at its place
constexpr float float16_step = 0x1p-24F;               ///< between subnormal float16s

}  // namespace

float from_float16(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1FU;
  const uint32_t mantissa = bits & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * float16_step;
    return sign == 0 ? magnitude : -magnitude;
  }
  if (exponent == 31) {
    return std::bit_cast<float>(sign | infinity | (mantissa << 13));
  }
  return std::bit_cast<float>(sign | (((exponent << 23) + exponent_shift) | (mantissa << 13)));
}

float from_bfloat16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t to_float16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000U;
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  const auto with_sign = [&](uint32_t rest) { return static_cast<uint16_t>(sign | rest); };
  if (magnitude > infinity) {
    const uint32_t payload = (magnitude >> 13) & 0x3FFU;
    return with_sign(0x7C00U | (payload == 0 ? 0x200U : payload));
  }
  if (magnitude == infinity) {
    return with_sign(0x7C00U);
  }
  if (magnitude >= float16_overflow) {
    return with_sign(0x7BFFU);
  }
  if (magnitude < float16_least_normal) {
    return with_sign(static_cast<uint32_t>(std::nearbyint(std::fabs(value) / float16_step)));
  }
  const uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13) & 1U);
  return with_sign((rounded - exponent_shift) >> 13);
}

uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > infinity) {
    const uint32_t top = bits >> 16;
    return static_cast<uint16_t>((top & 0x7FU) == 0 ? top | 0x40U : top);
  }
  const uint32_t rounded = bits + 0x7FFFU + ((bits >> 16) & 1U);
  const bool overflows = magnitude < infinity && (rounded & 0x7FFFFFFFU) >= infinity;
  return static_cast<uint16_t>(overflows ? ((bits >> 16) & 0x8000U) | 0x7F7FU : rounded >> 16);
}

}  // namespace mj
