/* Making and naming listening sockets. Private to loop/. No state; any thread.
 * A host name is resolved here, which may wait: at start only. */
#ifndef LOOP_SOCKET_H
#define LOOP_SOCKET_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/inet.h"
#include "base/str.h"

struct fail;

enum { SOCKET_TEXT_SIZE = INET_TEXT_SIZE + 8 };

/* Listening descriptors for an address as in listener.h, at most max; returns how many, or -1. The caller owns them. */
int socket_listen(struct str address, int *fds, int max, struct fail *why) __attribute__((warn_unused_result));
/* family 0 for what is no IP address. Returns the port. */
unsigned socket_inet(const struct sockaddr_storage *from, struct inet *out);
/* "1.2.3.4:5" or "[::1]:5" as bound; "" on failure. */
void socket_text(int fd, char out[SOCKET_TEXT_SIZE]);

#endif
