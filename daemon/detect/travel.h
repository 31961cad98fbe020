/* How fast a user would have had to travel: distance and time between a successful
 * sign-in and the same user's one before it, from the coordinates that the
 * provider put on them. Writes the travel.* slots that rules test. Memory is
 * taken at birth; where it is full, the user not seen for longest is forgotten and
 * the next sign-in has no travel.* (counted). Locked shards, any worker;
 * allocates nothing per event. Distance: great circle on a sphere (haversine). */
#ifndef DETECT_TRAVEL_H
#define DETECT_TRAVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "window/window_table.h"

struct travels;

enum { TRAVEL_SLOTS = 3 };
struct travel_text { /* what the travel.* slots point to; lives as long as the event */
	char text[TRAVEL_SLOTS][24];
};

/* windows is borrowed: it makes the keys. NULL without memory. */
struct travels *travels_new(const struct window_table *windows, uint64_t memory_bytes);
void travels_free(struct travels *t); /* NULL is fine */
uint64_t travels_bytes(const struct travels *t);

/* Great-circle distance in kilometres; degrees, north and east positive. */
double travel_distance_km(double lat1, double lon1, double lat2, double lon2);

/* For every event: travel.* are MISSING, but for a user's successful sign-in with coordinates when an earlier or later
 * one is known. success: of the event. keep: remember it (not for a repeat). A late sign-in is measured against the
 * newest known one, and not kept. */
void travel_observe(struct travels *t, struct event *e, bool success, bool keep, struct travel_text *out);

#endif
