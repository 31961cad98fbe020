/* Time in milliseconds: wall (Unix) and monotonic. Process-wide. Tests and
 * replay set it; then both stand still until set again. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void); /* for durations in metrics; follows clock_set too */
/* Freeze both clocks: wall at wall_ms, monotonic moved by the same step (the
 * first call only stops it). clock_unset lets both run again. */
void clock_set(int64_t wall_ms);
void clock_unset(void);

enum { CLOCK_TEXT_SIZE = 25 }; /* 2026-11-22T20:00:00.412Z and NUL */
/* RFC 3339 UTC with exactly three decimals; years outside 0..9999 are clamped. */
void clock_text(int64_t ms, char out[CLOCK_TEXT_SIZE]);

#endif
