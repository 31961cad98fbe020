/* Field names and their slot numbers. The canonical ones of field.def come
 * first and are constants; names that rules add get the slots behind them.
 * Names compare without case. A set is built at load, then immutable and
 * shared by all threads; it belongs to the policy. */
#ifndef EVENT_FIELD_H
#define EVENT_FIELD_H

#include <stdbool.h>

#include "base/str.h"

enum field {
#define X(id, name) FIELD_##id,
#include "event/field.def"
#undef X
	FIELD_FIXED_COUNT
};

enum { FIELD_SLOTS_MAX = 4096 };

struct field_set;

struct field_set *field_set_new(void); /* holds the fixed fields */
void field_set_free(struct field_set *set);
/* Slot of the name, a new one if it has none yet; -1 at FIELD_SLOTS_MAX or without memory. */
int field_set_intern(struct field_set *set, struct str name);
/* Slot, or -1 when no one asked for the name. */
int field_set_find(const struct field_set *set, struct str name);
unsigned field_set_len(const struct field_set *set);
/* Picketd's own figures: what a record says under these names must not count. */
bool field_is_own(struct str name);
struct str field_set_name(const struct field_set *set, unsigned slot); /* as first interned */

#endif
