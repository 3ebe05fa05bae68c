#pragma once

#include <cstdint>

#include "base/matrix.h"

namespace mj {

/// Samples whose errors count together.
struct Neighbours {
  int64_t in_image = 1;  ///< rows of an image, one after the other, in the order of its positions
  int64_t count = 1;     ///< n of them that stand together; what is left of an image are fewer
  double agreement = 1;  ///< how many times as often an error counts that is the same in all n, 1 to n
};

/// Makes the squared errors of what is fitted to the rows count as  a sum |e_i|^2 + b |sum e_i|^2  does for n
/// neighbours, with a + b = 1 and a + b n the agreement, but divided by a + b n: rows keep the mean of their
/// neighbours, so that a constant stays as it is.
/// Throws InternalError where an image has not all of its rows.
void join_neighbours(Matrix& rows, const Neighbours& neighbours);

}  // namespace mj
