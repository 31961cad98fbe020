/* The process: the start list, the mirrored stop list, signals, reload. Runs
 * the control loop on the calling thread until it is told to stop. */
#ifndef DAEMON_H
#define DAEMON_H

#include "config/config.h"
#include "command/options.h"

/* Exit code: 0 clean stop, 71 OS error, 73 state directory unusable, 75 address in use or state locked, 78
 * configuration. c and o are borrowed; a reload reads the files that o names anew. */
int daemon_run(const struct config *c, const struct options *o);

#endif
