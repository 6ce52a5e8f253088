/*
 * `certauth sessions end': the administrator ends sessions.
 */
#include "sessions/sessionsint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID_SHORTEST 4 /* characters */

/* Fingerprints are written with and without colons. */
static bool
same_print(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		while (*a == ':')
			a++;
		while (*b == ':')
			b++;
		if (strncasecmp(a, b, 1) != 0)
			return false;
		if (*a == '\0')
			break;
		a++;
		b++;
	}
	return true;
}

static bool
is_chosen(const struct ca_sessions_one *one, const struct ca_sessions_choice *c)
{
	if (c->id != NULL)
		return strncmp(one->id, c->id, strlen(c->id)) == 0;
	if (c->user != NULL)
		return strcmp(one->s.user, c->user) == 0;
	return same_print(one->s.sha256, c->sha256);
}

static size_t
count(const struct ca_sessions *all, const struct ca_sessions_choice *c)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += is_chosen(&all->v[i], c);
	return n;
}

static void
confirm(const struct ca_sessions_one *one)
{
	ca_sessions_log(one, "ended", "administrator", NULL);
	printf("ended: session %.12s of %s by %s\n", one->id, one->s.account,
	    one->s.service);
}

/* told: which of them were told to end. */
static int
end_them(struct ca_sessions *all, const struct ca_sessions_choice *choice,
    bool *told)
{
	struct ca_sessions_acts acts = {
	    .all = all, .any_service = choice->force};
	int status = CA_EXIT_OK;

	for (size_t i = 0; i < all->n; i++) {
		struct ca_sessions_one *one = &all->v[i];

		if (!is_chosen(one, choice))
			continue;
		one->verdict.cfg = ca_sessions_config_of(all, &one->s);
		told[i] = ca_sessions_end(&acts, one);
		if (told[i]) {
			ca_sessions_ticket(&all->log, one);
			continue;
		}
		ca_log_err(&all->log, "session %s cannot be ended: %s", one->id,
		    acts.why);
		status = CA_EXIT_NO;
	}
	if (ca_sessions_wait(all) > 0)
		status = CA_EXIT_NO;
	for (size_t i = 0; i < all->n; i++)
		if (told[i] && all->v[i].pidfd < 0)
			confirm(&all->v[i]);
	ca_logind_clear(&acts.logind);
	return status;
}

int
ca_sessions_end_chosen(
    struct ca_sessions *all, const struct ca_sessions_choice *choice)
{
	size_t n = count(all, choice);
	int status;
	bool *told;

	if (choice->id != NULL && n > 1)
		return ca_cli_fail("%zu sessions begin with %s; give more of "
				   "the id: certauth sessions --json",
		    n, choice->id);
	if (n == 0)
		return ca_cli_fail(
		    "no such session; certauth sessions lists them");
	if ((told = calloc(all->n, sizeof *told)) == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	status = end_them(all, choice, told);
	free(told);
	return status;
}
