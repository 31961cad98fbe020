/* Durations and sizes as people write them: 250ms 30s 5m 1h 3d; 512 64KiB
 * 16MiB 1GiB. Pure; any thread. One number and one unit, no fractions. */
#ifndef CONFIG_UNIT_H
#define CONFIG_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { UNIT_TEXT_SIZE = 24 };
/* False, with *out untouched, on anything else and on what does not fit. */
bool unit_parse_duration(struct str text, int64_t *ms);
bool unit_parse_bytes(struct str text, int64_t *bytes); /* a number alone is bytes */
/* The largest unit that is exact. Not for negative values. */
void unit_duration_text(int64_t ms, char out[UNIT_TEXT_SIZE]);
void unit_bytes_text(uint64_t bytes, char out[UNIT_TEXT_SIZE]);

#endif
