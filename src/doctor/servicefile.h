/*
 * The configuration of services that are not ours, as far as lines of it concern signed
 * passwords: a word at the beginning of a line, and the rest of the line.
 */
#ifndef CA_DOCTOR_SERVICEFILE_H
#define CA_DOCTOR_SERVICEFILE_H

#include <stdbool.h>

/* Borrowed, during the visit. */
struct ca_service_line {
	const char *file;
	unsigned number;
	const char *key, *value; /* without the blanks and the = between them */
};

typedef void ca_service_visit(void *ctx, const struct ca_service_line *line);

/* Visit the lines of each file of the pattern, and of those that they include by one of
 * the words (blanks between them; "": none), in their order.  base: where relative
 * names begin; NULL: beside the file.  False: there is no such file. */
bool ca_servicefile_walk(const char *pattern, const char *words,
    const char *base, ca_service_visit *visit, void *ctx);

/* The seconds of "300", "60s", "5 mins", "1 hour", as dovecot reads them; -1: none. */
long long ca_servicefile_seconds(const char *text);

#endif
