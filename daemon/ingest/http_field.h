/* Request line and header fields of RFC 9112: text to struct http_head. Pure;
 * any thread. Called by http_conn with a complete head whose lines are known
 * to end in CRLF. Slices point into the given text. */
#ifndef INGEST_HTTP_FIELD_H
#define INGEST_HTTP_FIELD_H

#include <stdbool.h>

#include "ingest/http_conn.h"

/* tchar of RFC 9110 section 5.6.2. */
bool http_is_token(char ch);
/* What a field value may hold: HTAB, SP, VCHAR, obs-text. */
bool http_is_text(char ch);
/* 0, or -1 with *why filled. */
int http_request_line(struct str line, struct http_head *head, struct http_error *why);
/* Lines each with its CRLF; after http_request_line, whose version it needs. */
int http_fields(struct str text, struct http_head *head, struct http_error *why);

#endif
