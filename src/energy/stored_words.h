#pragma once

#include "energy/workload.h"
#include "hardware/accelerator.h"

namespace mj {

/// Words of an operand's tensor for the whole batch; input maps with their padding.
double raw_words(const LayerShape& shape, Operand operand);

/// Words (of the operand's own width) that a level's format makes of a layer's tensor. Weights are coded from
/// their values. Of maps the non-zeros and, where they were measured, the runs of zeros that overflow are
/// known; a map's column is a channel.
double stored_words(const Workload& workload, Operand operand, const Level& level,
                    const Accelerator& accelerator);

}  // namespace mj
