/* The listeners: one a configured address, each accepted connection goes to
 * the crew. Control loop only. */
#ifndef GATES_H
#define GATES_H

#include "base/fail.h"
#include "config/config.h"
#include "crew.h"

struct gates;

/* Binds all addresses, or none: why->code "listen" (address in use, no such address, no such inherited socket). */
struct gates *gates_open(const struct config *config, struct loop *control, struct crew *crew, struct fail *why);
void gates_close(struct gates *g); /* NULL is fine */

#endif
