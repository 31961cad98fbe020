/* Heap memory. A failure is an error like any other (503, a refused load):
 * callers check for NULL. Any thread. A size that a peer can choose is capped
 * before it is asked for. mem_count() serves the test that shows that the
 * data path allocates nothing per event. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Zeroed; NULL when there is no memory or n * size overflows. */
void *mem_zero(size_t n, size_t size) __attribute__((warn_unused_result, malloc, alloc_size(1, 2)));
void *mem_resize(void *old, size_t n, size_t size) __attribute__((warn_unused_result, alloc_size(2, 3)));
/* NUL-terminated copy, owned by the caller; an embedded NUL is kept. */
char *mem_copy_str(struct str s) __attribute__((warn_unused_result, malloc));
void mem_free(void *p);
/* Of a large local that is written before it is read: the compiler is told to clear all others. */
#define MEM_UNSET __attribute__((uninitialized))
/* Allocations made by this thread since it began (zero, resize and copy). */
uint64_t mem_count(void);

#endif
