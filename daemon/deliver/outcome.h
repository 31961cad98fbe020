/* What a receiver's answer, or its absence, means for the delivery. Pure; any
 * thread. The table is outcome.def. */
#ifndef DELIVER_OUTCOME_H
#define DELIVER_OUTCOME_H

#include <curl/curl.h>

enum outcome {
	ANSWER_ACCEPTED,
	ANSWER_TRANSIENT, /* keep, back off */
	ANSWER_ENDPOINT,  /* the target is wrong, not the message: keep everything, open the circuit */
	ANSWER_GONE,      /* 410: stop probing */
	ANSWER_TOO_LARGE, /* 413: once more, cut */
	ANSWER_MESSAGE,   /* this message is refused */
};

/* code is of the transfer; status counts when an answer came (0 = none). */
enum outcome outcome_judge(CURLcode code, int status);
/* Metrics label: "ok", "transient", "endpoint_fault", "message_fault". */
const char *outcome_name(enum outcome outcome);

#endif
