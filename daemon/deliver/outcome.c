#include "deliver/outcome.h"

#include <stddef.h>

static const struct {
	int first, last;
	enum outcome outcome;
} table[] = {
#define X(first, last, outcome) {first, last, outcome},
#include "deliver/outcome.def"
#undef X
};

static enum outcome
outcome_of_status(int status)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (status >= table[i].first && status <= table[i].last)
			return table[i].outcome;
	}
	return ANSWER_TRANSIENT;
}

enum outcome
outcome_judge(CURLcode code, int status)
{
	switch (code) {
	case CURLE_OK:
		return outcome_of_status(status);
	case CURLE_WRITE_ERROR: /* we stopped reading a long answer */
		return status > 0 ? outcome_of_status(status) : ANSWER_TRANSIENT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return ANSWER_ENDPOINT;
	default:
		return ANSWER_TRANSIENT;
	}
}

const char *
outcome_name(enum outcome outcome)
{
	switch (outcome) {
	case ANSWER_ACCEPTED:
		return "ok";
	case ANSWER_TRANSIENT:
		return "transient";
	case ANSWER_ENDPOINT:
	case ANSWER_GONE:
		return "endpoint_fault";
	case ANSWER_TOO_LARGE:
	case ANSWER_MESSAGE:
		return "message_fault";
	}
	return "unknown";
}
