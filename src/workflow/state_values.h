#pragma once

#include "workflow/array_file.h"
#include "workflow/run_state.h"

namespace mj {

// The numbers of a state that are too many for text. Constants are kept as they are in memory: the element
// types of a model (float16) can be too coarse to go on from. What is read is put into `state`, whose
// networks must be copies of the one that the run began with; ArrayReader::reject where arrays do not fit
// them.

/// The kept network's constants, and what was measured of it and of the dense one.
void add_kept(ArrayWriter& writer, const RunState& state);
void read_kept(ArrayReader& reader, const Network& given, RunState& state);

/// The constants of a round under way and the moments of its training.
void add_begun(ArrayWriter& writer, const RoundState& round);
void read_begun(ArrayReader& reader, RoundState& round);

}  // namespace mj
