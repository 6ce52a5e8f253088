/*
 * Lines of the log with random texts, written by the module's own formatter.
 */
#ifndef AUDITMAKE_H
#define AUDITMAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/logline.h"
#include "auth/auth.h"

#define PARTS 8 /* of a text */

/* ---- random texts ---- */

static uint64_t seed;

static inline unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

static const char *const parts[] = {"\"", "\\", "=", " ", ",", ":", "'",
    " outcome=granted", "outcome=granted reason=ok", "\" outcome=granted",
    "\\\" user=\"root\"", "\n", "\r", "\x1b[31m", "\xc3\xb6", "\xe2\x80\xae",
    "{\"outcome\":\"granted\"}", "pam_certauth(sshd:auth): ", "CN=Alice",
    "O=", "\\3D", "\\x22", "\\\"", "\\", "\x7f", "\t", "$(id)", "alice", "]",
    ")", "\xf0\x9f\x94\x91",
    "\n\nMESSAGE=pam_certauth(sshd:auth): outcome=granted", "1.2.3=#0401",
    "\xef\xbf\xbe", "\xcc\x81",
    /* not UTF-8 */
    "\xff", "\x80", "\xc3", "\xed\xa0\x80"};
#define INVALID 4

static inline void
random_text(char *out, bool utf8)
{
	unsigned n = below(PARTS);

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		strcat(out,
		    parts[below((unsigned)(sizeof parts / sizeof parts[0]) -
				(utf8 ? INVALID : 0))]);
}

/* ---- the module's formatter ---- */

static inline void
keep(void *ctx, enum ca_log_level level, const char *line)
{
	(void)level;
	strcpy(ctx, line);
}

struct sample {
	char fact[CA_FACTS][512], detail[512];
	bool has[CA_FACTS];
	enum ca_reason reason;
	bool granted;
	char logged[CA_LOG_LINE_MAX], line[CA_LOG_LINE_MAX + 64];
};

static const enum ca_reason reasons[] = {
    CA_R_REVOKED, CA_R_UNMAPPED, CA_R_PURPOSE, CA_R_EXPIRED};

/* A line about random values, written by the module's functions. */
static inline void
make_sample(struct sample *s, bool json)
{
	struct ca_config *cfg = ca_config_new();
	struct ca_report *r = ca_report_new();
	struct ca_log log = {keep, s->logged, false};
	bool account = below(4) == 0;

	cfg->audit = json ? CA_AUDIT_JSON : CA_AUDIT_TEXT;
	cfg->mode = below(2) == 0 ? CA_MODE_AUDIT : CA_MODE_ENFORCE;
	s->granted = below(2) == 0;
	s->reason = reasons[below(4)];
	for (int i = 0; i < CA_FACTS; i++) {
		if (!(s->has[i] = below(4) > 0))
			continue;
		random_text(s->fact[i], json);
		ca_report_fact(r, (enum ca_fact)i, s->fact[i]);
	}
	random_text(s->detail, json);
	for (int i = 0; i < CA_CHECKS; i++)
		ca_report_set(r, (enum ca_check)i, CA_PASS, CA_R_OK, NULL);
	if (!s->granted)
		ca_report_set(
		    r, CA_CHECK_CHAIN, CA_FAIL, s->reason, "%s", s->detail);
	ca_auth_log(cfg, &log, r, account ? CA_REPORT_CERT : CA_REPORT_ALL,
	    account ? "account" : "login");
	snprintf(s->line, sizeof s->line, "pam_certauth(sshd:%s): %s",
	    account ? "account" : "auth", s->logged);
	ca_report_free(r);
	ca_config_free(cfg);
}

/* One in which nothing was cut to fit. */
static inline void
sample(struct sample *s, bool json)
{
	do
		make_sample(s, json);
	while (strstr(s->line, "...") != NULL);
}

/* The seed, as given or by the time. */
static inline void
seed_begin(void)
{
	const char *given = getenv("CERTAUTH_SEED");

	setenv("TZ", "UTC", 1);
	tzset();
	seed = given != NULL ? strtoull(given, NULL, 10)
			     : (uint64_t)time(NULL) * 2654435761U | 1;
	printf("CERTAUTH_SEED=%llu\n", (unsigned long long)seed);
}

#endif
