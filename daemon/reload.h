/* Policies, loaded for a daemon that runs: what is broken is logged, counted
 * and shown in metrics. Control loop only. */
#ifndef RELOAD_H
#define RELOAD_H

#include "config/config.h"
#include "detect/policy.h"
#include "command/options.h"

/* At start: broken rule files are left out and the rest runs. NULL when nothing can run. */
struct policy *reload_first(const struct config *config);
/* Reads the configuration and the rules anew; NULL, and the running ones stay, when anything is broken.
 * Of a new configuration rules, schemas, result codes and logging take effect; what needs a restart is logged. */
struct policy *reload_again(const struct config *running, const struct options *options);

#endif
