/* The entry that libFuzzer and tests/fuzz/standalone.c call; a target aborts
 * when it finds something. One thread. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
