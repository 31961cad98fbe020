/* The acceptor: listening TCP sockets, own or inherited from the service
 * manager, and each connection handed out as a descriptor. Loop's thread. Holds
 * at most 8 sockets; backlog 1,024. Out of descriptors, it rests for 100 ms
 * (connections wait in the backlog) and counts picketd_connections_refused_total
 * with reason "fds" once a rest. */
#ifndef LOOP_LISTENER_H
#define LOOP_LISTENER_H

#include "base/str.h"
#include "loop/loop.h"

struct fail;
struct inet;
struct listener;

/* The callee owns fd, which is non-blocking and close-on-exec. */
typedef void listener_accept_f(int fd, const struct inet *peer, void *ctx);

/* address: "127.0.0.1:8443", "[::1]:8443", "host:443", ":514" or "*:514" (all addresses, both families), port 0 for one
 * of the kernel's choice; or "fd:NAME": every socket that the service manager passed under that name. name is the
 * "listener" label of metrics; both texts are copied. NULL with *why filled on failure. */
struct listener *listener_open(struct loop *l, const char *name, struct str address, listener_accept_f *on_accept,
    void *ctx, struct fail *why) __attribute__((warn_unused_result));
/* No on_accept after this; inside on_accept it is allowed; takes NULL. */
void listener_close(struct listener *s);
/* The first socket's bound address, with its real port: "127.0.0.1:40123", "[::1]:40123". Borrowed. */
const char *listener_address(const struct listener *s);
/* Connections wait in the kernel meanwhile. */
void listener_pause(struct listener *s);
void listener_resume(struct listener *s);

#endif
