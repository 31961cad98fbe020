/* One signed system.test to a target, now and here: what --send-test does.
 * Needs no store and no running daemon; its seq is 0, which is none of the
 * target's. Blocks for at most the target's timeouts. */
#ifndef DELIVER_SEND_TEST_H
#define DELIVER_SEND_TEST_H

#include <stdbool.h>
#include <stdio.h>

#include "alert/alert.h"
#include "base/fail.h"
#include "config/config.h"

/* Prints the receiver's answer. *accepted tells whether it took the message; -1: nothing could be sent. */
int send_test(const struct target_config *target, const struct alert_producer *producer, FILE *out, bool *accepted,
    struct fail *why) __attribute__((warn_unused_result));

#endif
