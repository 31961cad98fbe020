/* The short commands of picketd: each prints to out, complains to err and
 * returns an exit code (sysexits.h). */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdio.h>

#include "config/config.h"
#include "command/options.h"

/* The checkout's conf/ into conf when picketd runs from where it was built, else NULL. */
const char *command_fallback_conf(char *conf, size_t size);
/* Loads as options say; NULL when there is any problem. */
struct config *command_load_config(const struct options *o, struct fail_list *problems);
/* The same for a command line: prints every problem on err. NULL on failure. */
struct config *command_config(const struct options *o, FILE *err);

int command_version(FILE *out);
int command_check(const struct config *c, FILE *out, FILE *err);
int command_print_config(const struct config *c, FILE *out, FILE *err);
int command_replay(const struct config *c, const struct options *o, FILE *out, FILE *err);
int command_explain(const struct config *c, const struct options *o, FILE *out, FILE *err);
int command_alerts(const struct config *c, const struct options *o, FILE *out, FILE *err);
int command_send_test(const struct config *c, const struct options *o, FILE *out, FILE *err);

#endif
