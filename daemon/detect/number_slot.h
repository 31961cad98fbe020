/* A number that picketd itself puts into an event's slot, as decimal text. */
#ifndef DETECT_NUMBER_SLOT_H
#define DETECT_NUMBER_SLOT_H

#include <stdint.h>

#include "event/event.h"

enum { NUMBER_SLOT_SIZE = 24 };

/* n / 10^decimals without trailing zeros, written to text, which the slot then points to. A slot beyond those of the
 * event, or below 0, is not written. */
void number_slot_write(struct event *e, int slot, char text[NUMBER_SLOT_SIZE], uint64_t n, unsigned decimals);

#endif
