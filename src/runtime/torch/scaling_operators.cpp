#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "runtime/torch/interpolation.h"
#include "runtime/torch/operators.h"

namespace mj {
namespace {

template <std::size_t count>
std::string one_of(const NodeReader& reader, std::string_view attribute, const char* fallback,
                   const std::array<std::string_view, count>& known) {
  const auto value = reader.text(attribute, fallback);
  if (std::find(known.begin(), known.end(), value) == known.end()) {
    std::string names(known[0]);
    for (std::size_t i = 1; i < count; ++i) {
      names += (i + 1 == count ? " or " : ", ") + std::string(known[i]);
    }
    reader.reject("has the " + std::string(attribute) + " '" + value + "'", "must be " + names);
  }
  return value;
}

Interpolation read_interpolation(const NodeReader& reader) {
  constexpr std::array<std::string_view, 4> known{"nearest", "linear", "cubic", "bilinear"};
  const auto mode = one_of(reader, "mode", "nearest", known);
  return mode == "nearest" ? Interpolation::nearest
         : mode == "cubic" ? Interpolation::cubic
                           : Interpolation::linear;
}

ResizeRule read_resize_rule(const NodeReader& reader) {
  ResizeRule rule;
  rule.interpolation = read_interpolation(reader);
  if (reader.opset() < 11) {
    rule.coordinates = "asymmetric";
    rule.rounding = "simple";
    return rule;
  }
  constexpr std::array<std::string_view, 6> places{"half_pixel",         "pytorch_half_pixel",
                                                   "align_corners",      "asymmetric",
                                                   "tf_crop_and_resize", "tf_half_pixel_for_nn"};
  constexpr std::array<std::string_view, 4> roundings{"round_prefer_floor", "round_prefer_ceil", "floor",
                                                      "ceil"};
  rule.coordinates = one_of(reader, "coordinate_transformation_mode", "half_pixel", places);
  rule.rounding = one_of(reader, "nearest_mode", "round_prefer_floor", roundings);
  rule.cubic_coefficient = reader.number("cubic_coeff_a", -0.75F);
  rule.excludes_outside = reader.flag("exclude_outside");
  rule.extrapolation_value = reader.number("extrapolation_value", 0);
  one_of<1>(reader, "keep_aspect_ratio_policy", "stretch", {"stretch"});
  if (reader.flag("antialias")) {
    reader.reject("smooths what it makes smaller (antialias)", "Resize without it can be executed");
  }
  return rule;
}

std::vector<double> to_numbers(const at::Tensor& tensor) {
  const auto values = tensor.to(at::kDouble).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

/// What a node's operands say of the new sizes: of the axes given, one or the other.
struct Target {
  std::vector<double> scales;
  std::vector<int64_t> sizes;
  std::vector<double> crops;  ///< all starts, then all ends; may be empty
};

ResizedAxis plan_axis(const at::Tensor& x, int64_t axis, const Target& target, std::size_t index,
                      std::size_t count) {
  const auto before = static_cast<double>(x.size(axis));
  ResizedAxis resized{axis, 0, 0, 0, 1};
  if (!target.sizes.empty()) {
    resized.size = target.sizes[index];
    resized.length = static_cast<double>(resized.size);
  } else {
    const double scale = target.scales[index];
    resized.length = before * scale;
    TORCH_CHECK(scale > 0 && resized.length <= static_cast<double>(most_elements),
                "its scales must be positive and moderate, and one is ", scale);
    // In float32, as ONNX's own shape inference.
    resized.size = static_cast<int64_t>(std::floor(static_cast<float>(before) * static_cast<float>(scale)));
  }
  if (target.crops.size() == 2 * count) {
    resized.crop_start = target.crops[index];
    resized.crop_end = target.crops[count + index];
  }
  return resized;
}

at::Tensor resize(const at::Tensor& x, const Target& target, std::vector<int64_t> axes,
                  const ResizeRule& rule) {
  if (axes.empty()) {
    axes.resize(static_cast<std::size_t>(x.dim()));
    std::iota(axes.begin(), axes.end(), int64_t{0});
  }
  const auto given = target.sizes.empty() ? target.scales.size() : target.sizes.size();
  TORCH_CHECK(given == axes.size(), "it has ", given, " scales or sizes for ", axes.size(), " dimensions");
  const bool crops = rule.coordinates == "tf_crop_and_resize";
  TORCH_CHECK(!crops || target.crops.size() == 2 * axes.size(), "it lacks the region that it crops to");
  std::vector<ResizedAxis> plan;
  auto sizes = x.sizes().vec();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    plan.push_back(plan_axis(x, at::maybe_wrap_dim(axes[i], x.dim()), target, i, axes.size()));
    sizes[static_cast<std::size_t>(plan.back().axis)] = plan.back().size;
  }
  check_moderate(sizes);
  at::Tensor result = at::isFloatingType(x.scalar_type()) ? x : x.to(at::kDouble);
  for (const ResizedAxis& resized : plan) {
    if (resized.length != static_cast<double>(result.size(resized.axis)) || crops) {
      result = resize_axis(result, resized, rule);
    }
  }
  return result.to(x.scalar_type());
}

/// Opset 10 has scales as its second input; later ones regions, scales and sizes.
Kernel translate_resize(const NodeReader& reader) {
  reader.expect_inputs(1, 4);
  const ResizeRule rule = read_resize_rule(reader);
  const auto axes = reader.integers("axes");
  const std::size_t scales = reader.opset() < 11 ? 1 : 2;
  const bool has_constant_sizes = reader.is_constant(3);
  return [=](const Operands& in, const BatchSize& batch) -> Operands {
    const auto has = [&](std::size_t i) { return in.size() > i && in[i].defined() && in[i].numel() > 0; };
    Target target;
    if (has(3)) {
      target.sizes = to_integers(in[3]);
      const bool is_for_declared = has_constant_sizes && axes.empty() && in[0].dim() > 0 &&
                                   target.sizes[0] == batch.declared && in[0].size(0) == batch.actual;
      target.sizes[0] = is_for_declared ? batch.actual : target.sizes[0];
    } else {
      TORCH_CHECK(has(scales), "it has neither scales nor sizes");
      target.scales = to_numbers(in[scales]);
    }
    if (scales == 2 && has(1)) {
      target.crops = to_numbers(in[1]);
    }
    return {resize(in[0], target, axes, rule)};
  };
}

/// Scales are an attribute before opset 9, an input from then on.
Kernel translate_upsample(const NodeReader& reader) {
  reader.expect_inputs(1, 2);
  ResizeRule rule;
  rule.interpolation = read_interpolation(reader);
  rule.coordinates = "asymmetric";
  rule.rounding = "floor";
  const auto given = reader.numbers("scales");
  return [=](const Operands& in, const BatchSize&) -> Operands {
    Target target;
    target.scales = in.size() > 1 && in[1].defined() ? to_numbers(in[1])
                                                     : std::vector<double>(given.begin(), given.end());
    return {resize(in[0], target, {}, rule)};
  };
}

/// 1 x C x H x W in blocks of size x size, or back.
int64_t read_block(const NodeReader& reader) {
  const int64_t block = reader.integer("blocksize", 0);
  if (block < 1 || block > (1 << 16)) {
    reader.reject("has a blocksize of " + std::to_string(block), "must be between 1 and 65536");
  }
  return block;
}

Kernel translate_depth_to_space(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const int64_t b = read_block(reader);
  const bool blocks_first = one_of<2>(reader, "mode", "DCR", {"DCR", "CRD"}) == "DCR";
  return [=](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() == 4 && in[0].size(1) % (b * b) == 0,
                "its input must have 4 dimensions and a multiple of ", b * b, " channels");
    const int64_t n = in[0].size(0);
    const int64_t c = in[0].size(1) / (b * b);
    const int64_t h = in[0].size(2);
    const int64_t w = in[0].size(3);
    const auto blocks = blocks_first ? in[0].reshape({n, b, b, c, h, w}).permute({0, 3, 4, 1, 5, 2})
                                     : in[0].reshape({n, c, b, b, h, w}).permute({0, 1, 4, 2, 5, 3});
    return {blocks.reshape({n, c, h * b, w * b})};
  };
}

Kernel translate_space_to_depth(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const int64_t b = read_block(reader);
  return [b](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() == 4 && in[0].size(2) % b == 0 && in[0].size(3) % b == 0,
                "its input must have 4 dimensions, and rows and columns in multiples of ", b);
    const int64_t n = in[0].size(0);
    const int64_t c = in[0].size(1);
    const int64_t h = in[0].size(2) / b;
    const int64_t w = in[0].size(3) / b;
    return {in[0].reshape({n, c, h, b, w, b}).permute({0, 3, 5, 1, 2, 4}).reshape({n, c * b * b, h, w})};
  };
}

constexpr std::array<Operator, 4> scaling_table{{
    {"Resize", translate_resize},
    {"Upsample", translate_upsample},
    {"DepthToSpace", translate_depth_to_space},
    {"SpaceToDepth", translate_space_to_depth},
}};

}  // namespace

std::span<const Operator> scaling_operators() {
  return scaling_table;
}

}  // namespace mj
