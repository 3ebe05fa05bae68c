#include "search/search_mapping.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "energy/price.h"
#include "energy/row_stationary_traffic.h"
#include "mapping/ceil_divide.h"
#include "search/search_key.h"

namespace mj {
namespace {

using Term = double RowStationaryTraffic::*;
constexpr std::array<Term, 7> terms{
    &RowStationaryTraffic::weight_passes,     &RowStationaryTraffic::input_passes,
    &RowStationaryTraffic::buffered_inputs,   &RowStationaryTraffic::psum_rounds,
    &RowStationaryTraffic::delivered_weights, &RowStationaryTraffic::delivered_inputs,
    &RowStationaryTraffic::passed_psums};

/// What the search sees of a layer and an accelerator.
struct Terrain {
  RowStationaryLayer layer;
  RowStationaryArray array;
  RowStationaryTraffic prices;  ///< of one unit of each term
  int64_t buffer_words = 0;
};

struct Best {
  std::optional<RowStationaryMapping> mapping;
  double energy = 0;
};

RowStationaryTraffic unit_prices(const Workload& workload, const Accelerator& accelerator,
                                 const RowStationaryLayer& layer) {
  RowStationaryTraffic prices;
  for (const Term term : terms) {
    RowStationaryTraffic unit;
    unit.*term = 1;
    prices.*term = price(charge_traffic(accelerator, layer, unit), workload, accelerator, 1).total.value;
  }
  return prices;
}

int64_t whole_words(double capacity) {
  return static_cast<int64_t>(std::floor(std::min(capacity, 0x1.0p53)));
}

Terrain survey(const Workload& workload, const Accelerator& accelerator) {
  Terrain terrain;
  terrain.layer = row_stationary_layer(workload, accelerator);
  terrain.array = row_stationary_array(accelerator);
  terrain.prices = unit_prices(workload, accelerator, terrain.layer);
  terrain.buffer_words = whole_words(terrain.array.buffer_words);
  return terrain;
}

/// The energy that the mapping decides.
double energy_of(const Terrain& terrain, const RowStationaryMapping& mapping) {
  const RowStationaryTraffic traffic = row_stationary_traffic(terrain.layer, mapping);
  double sum = 0;
  for (const Term term : terms) {
    sum += terrain.prices.*term * (traffic.*term);
  }
  return sum;
}

void offer(const Terrain& terrain, const RowStationaryMapping& mapping, Best& best) {
  const double energy = energy_of(terrain, mapping);
  const bool equal = best.mapping && std::abs(energy - best.energy) <= rounding * best.energy;
  if (!best.mapping || (equal ? mapping < *best.mapping : energy < best.energy)) {
    best = {mapping, energy};
  }
}

/// The smallest divisor for which ceil(extent / divisor) is below `rounds`; 0 where there is none.
int64_t next_divisor(int64_t extent, int64_t rounds) {
  return rounds > 1 ? ceil_divide(extent, rounds - 1) : 0;
}

/// Words of one image's input tile in the buffer.
int64_t input_tile(const Terrain& terrain, const RowStationaryMapping& mapping) {
  const LayerShape& shape = terrain.layer.shape;
  return mapping.q * mapping.r * strip_rows(shape, mapping.e) * padded_width(shape);
}

/// Words of the buffer that are left for maps and partial sums.
int64_t room_for_maps(const Terrain& terrain, const RowStationaryMapping& mapping) {
  return terrain.buffer_words - whole_words(filter_tile_words(terrain.layer.shape, terrain.array, mapping));
}

/// The smallest m that reads the inputs as few times as `room` words allow for the mapping's n.
int64_t least_m(const Terrain& terrain, const RowStationaryMapping& mapping, int64_t room) {
  const LayerShape& shape = terrain.layer.shape;
  const bool stay = terrain.layer.inputs_stay && mapping.q * mapping.r >= shape.c;
  if (stay || terrain.prices.input_passes <= 0) {
    return 1;
  }
  const int64_t psum_room = room / mapping.n - input_tile(terrain, mapping);
  const int64_t most = std::clamp<int64_t>(psum_room / (mapping.e * shape.q), 1, shape.k);
  return ceil_divide(shape.k, ceil_divide(shape.k, most));
}

/// Whether no n and m make this mapping as good as the best so far: one pass over all images, with the m that
/// a single image allows beside no filters, costs no more than any of them.
bool cannot_win(const Terrain& terrain, RowStationaryMapping mapping, const Best& best) {
  mapping.n = 1;
  mapping.m = least_m(terrain, mapping, terrain.buffer_words);
  mapping.n = terrain.layer.shape.n;
  return best.mapping && energy_of(terrain, mapping) > best.energy * (1 + rounding);
}

/// Offers the best n from mapping.n to `last`, between which the energy is a n + b / n + constant.
void visit_interval(const Terrain& terrain, RowStationaryMapping mapping, int64_t last, Best& best) {
  const RowStationaryTraffic traffic = row_stationary_traffic(terrain.layer, mapping);
  const auto first = static_cast<double>(mapping.n);
  const double rising = terrain.prices.buffered_inputs * traffic.buffered_inputs / first;
  const double falling = terrain.prices.delivered_weights * traffic.delivered_weights * first;
  double turn = first;
  if (falling > 0) {
    turn = rising > 0 ? std::sqrt(falling / rising) : std::numeric_limits<double>::infinity();
  }
  mapping.n = static_cast<int64_t>(std::clamp(std::floor(turn), first, static_cast<double>(last)));
  offer(terrain, mapping, best);
  if (mapping.n < last) {
    ++mapping.n;
    offer(terrain, mapping, best);
  }
}

/// Takes n by the intervals on which the rounds of images and the least m stay the same.
void visit_images(const Terrain& terrain, RowStationaryMapping mapping, Best& best) {
  const LayerShape& shape = terrain.layer.shape;
  mapping.m = mapping.n = 1;
  if (buffer_words_needed(shape, terrain.array, mapping) > terrain.array.buffer_words ||
      cannot_win(terrain, mapping, best)) {
    return;
  }
  const int64_t inputs = input_tile(terrain, mapping);
  const int64_t output_row_words = mapping.e * shape.q;
  const int64_t room = room_for_maps(terrain, mapping);
  const int64_t most_n = std::min(shape.n, room / (inputs + output_row_words));
  for (int64_t n = 1; n <= most_n;) {
    mapping.n = n;
    mapping.m = least_m(terrain, mapping, room);
    const int64_t next = next_divisor(shape.n, ceil_divide(shape.n, n));
    const int64_t last =
        std::min({most_n, next > 0 ? next - 1 : shape.n, room / (inputs + mapping.m * output_row_words)});
    visit_interval(terrain, mapping, last, best);
    n = last + 1;
  }
}

/// Where filters pass by the buffer, p and t only lower the energy while they grow.
void visit_passing_filters(const Terrain& terrain, RowStationaryMapping mapping, int64_t sets, Best& best) {
  const LayerShape& shape = terrain.layer.shape;
  const int64_t most_p = most_filters(shape, terrain.array, mapping.q);
  const bool larger_p_pays = terrain.prices.delivered_inputs > 0;
  for (mapping.p = larger_p_pays ? std::max<int64_t>(1, most_p) : 1; mapping.p <= most_p; ++mapping.p) {
    const int64_t most_t = std::min(sets / mapping.r, ceil_divide(shape.k, mapping.p));
    const int64_t rounds = ceil_divide(shape.k, mapping.p * most_t);
    mapping.t = terrain.prices.buffered_inputs > 0 ? ceil_divide(shape.k, rounds * mapping.p) : 1;
    visit_images(terrain, mapping, best);
  }
}

/// Where filters take room in the buffer, fewer may be better. From the largest p on: the bound of cannot_win
/// rises as p falls.
void visit_held_filters(const Terrain& terrain, RowStationaryMapping mapping, int64_t sets, Best& best) {
  const LayerShape& shape = terrain.layer.shape;
  for (mapping.p = most_filters(shape, terrain.array, mapping.q); mapping.p > 0; --mapping.p) {
    const int64_t filter_rounds = ceil_divide(shape.k, mapping.p);
    const int64_t most_t = std::min(sets / mapping.r, filter_rounds);
    mapping.t = most_t;
    if (cannot_win(terrain, mapping, best)) {
      return;
    }
    for (int64_t t = 1; t > 0 && t <= most_t;
         t = next_divisor(filter_rounds, ceil_divide(filter_rounds, t))) {
      mapping.t = t;
      visit_images(terrain, mapping, best);
    }
  }
}

void visit_filters(const Terrain& terrain, const RowStationaryMapping& mapping, int64_t sets, Best& best) {
  if (terrain.array.buffer_holds_filters) {
    visit_held_filters(terrain, mapping, sets, best);
  } else {
    visit_passing_filters(terrain, mapping, sets, best);
  }
}

void visit_channels(const Terrain& terrain, int64_t e, int64_t sets, Best& best) {
  const LayerShape& shape = terrain.layer.shape;
  for (int64_t q = 1; q > 0 && most_filters(shape, terrain.array, q) > 0;
       q = next_divisor(shape.c, ceil_divide(shape.c, q))) {
    const int64_t rounds = ceil_divide(shape.c, q);
    for (int64_t r = 1; r > 0 && r <= sets; r = next_divisor(rounds, ceil_divide(rounds, r))) {
      visit_filters(terrain, {.e = e, .q = q, .r = r}, sets, best);
    }
  }
}

Best search(const Terrain& terrain) {
  Best best;
  const int64_t rows = terrain.layer.shape.p;
  for (int64_t e = 1; e > 0; e = next_divisor(rows, ceil_divide(rows, e))) {
    const int64_t sets = set_count(terrain.layer.shape, terrain.array, e);
    if (sets == 0) {
      break;
    }
    visit_channels(terrain, e, sets, best);
  }
  return best;
}

}  // namespace

RowStationaryMapping search_mapping(const Workload& workload, const Accelerator& accelerator) {
  const Terrain terrain = survey(workload, accelerator);
  if (const Best best = search(terrain); best.mapping) {
    return *best.mapping;
  }
  const auto reason = misfit(workload.shape, terrain.array, {});
  ensure(reason.has_value(), "the search missed the smallest mapping");
  throw InputError(accelerator.file, "layer " + workload.name,
                   "does not fit even in its smallest parts: " + *reason,
                   "take an accelerator with more room");
}

}  // namespace mj
