/* --decode: what is read from each record, the answer to "events arrive and
 * nothing fires": shape, log source, canonical fields, missing ones. Offline. */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdio.h>

#include "config/config.h"

/* Exit code: 0, 65 when a record could not be read or a file opened, 78 bad schemas. */
int inspect_run(const struct config *config, char *const *files, int file_count, FILE *out, FILE *err);

#endif
