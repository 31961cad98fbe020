/* Named fault points, compiled in by ./configure --enable-faults and empty
 * otherwise. PICKETD_FAULTS="store.commit=fail,store.ack=hold:/path" arms them:
 *   fail       fault_hit() answers true (the caller takes its error path)
 *   fail:N     the first N times only
 *   kill       raise SIGKILL at this point
 *   hold:FILE  wait here until FILE exists (bounded: 30 s)
 * Process-wide, any thread. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#ifdef ENABLE_FAULTS
bool fault_hit(const char *point);
#else
#define fault_hit(point) false
#endif

#endif
