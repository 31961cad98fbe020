/* What the store does by the clock: free space of the disk, whether writing
 * works again after a failure, and retention in chunks so that commits stay
 * short. Store thread; the answers may be read by any thread. */
#ifndef STORE_UPKEEP_H
#define STORE_UPKEEP_H

#include <stdbool.h>

#include "config/config.h"
#include "loop/loop.h"
#include "store/group.h"

struct upkeep;

/* All borrowed. NULL without memory. */
struct upkeep *upkeep_new(struct loop *loop, const struct group_tables *tables, const struct state_config *state);
void upkeep_free(struct upkeep *u);
void upkeep_note(struct upkeep *u, bool written); /* after each commit: did it work? */
bool upkeep_disk_ok(const struct upkeep *u);      /* any thread */
bool upkeep_writable(const struct upkeep *u);     /* any thread */

#endif
