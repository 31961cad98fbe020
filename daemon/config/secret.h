/* Secrets named in the configuration: cred:NAME is $CREDENTIALS_DIRECTORY/NAME
 * (systemd.exec(5)), file:/path a file that only its owner can read. Read once
 * at load into locked memory of at most 4 KiB; cleared when freed. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include "base/fail.h"
#include "base/str.h"
#include "config/config.h"

enum { SECRET_MAX = 4096 };
/* Also "<cred:NAME>" and "<file:/path>", as config_print writes them. */
bool secret_is_reference(struct str text);
/* Reads what reference names. Errors have a code and text but no place; text never holds the value.
 * The value is one line of printable ASCII without spaces, as it goes into HTTP headers. */
int secret_read(struct secret *s, struct str reference, struct fail *why) __attribute__((warn_unused_result));
/* Whether the value is "whsec_" and base64 of 24 to 64 bytes (Standard Webhooks). */
bool secret_is_signing_key(const struct secret *s);
void secret_fini(struct secret *s);

#endif
