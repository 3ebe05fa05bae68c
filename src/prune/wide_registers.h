#pragma once

/// Marks a function whose loops gain from 256-bit registers. The program is compiled for processors without
/// them, so the choice is made where it runs.
#ifdef __x86_64__
#define MJ_WIDE_REGISTERS __attribute__((target_clones("fma", "default")))
#else
#define MJ_WIDE_REGISTERS
#endif
