#include "audit/loglineint.h"
#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

/* ---- the message ---- */

/* rsyslog writes `message repeated 3 times: [ MESSAGE]' for equal lines. */
static void
repeated(struct ca_logline_cursor *c)
{
	struct ca_logline_cursor at = *c;
	unsigned n = 0;

	if (!ca_logline_skip_text(&at, "message repeated "))
		return;
	while (at.p < at.end && *at.p >= '0' && *at.p <= '9' && n < 1000000)
		n = n * 10 + (unsigned)(*at.p++ - '0');
	if (n == 0 || !ca_logline_skip_text(&at, " times: [ ") ||
	    at.p == at.end || at.end[-1] != ']')
		return;
	at.end--;
	at.a->count = n;
	*c = at;
}

/* SERVICE:auth, SERVICE:account or SERVICE:session, before the closing parenthesis.
 * The module quotes a service that is not one plain word (emit in pam_certauth.c). */
static bool
service(struct ca_logline_cursor *c)
{
	struct ca_logline *a = c->a;
	size_t begin = ca_logline_begin(a);

	if (c->p < c->end && *c->p == '"') {
		const char *close = c->p + 1;

		while (close < c->end && *close != '"')
			close += *close == '\\' && close + 1 < c->end ? 2 : 1;
		if (close >= c->end)
			return false;
		for (c->p++; c->p < close; c->p++)
			ca_logline_put(a, *c->p);
		c->p++;
	} else {
		const char *close = memchr(c->p, ')', (size_t)(c->end - c->p));

		/* a plain word may have colons */
		while (close != NULL && close > c->p && close[-1] != ':')
			close--;
		if (close == NULL || close - 1 <= c->p)
			return false;
		for (; c->p < close - 1; c->p++)
			ca_logline_put(a, *c->p);
		if (!ca_text_plain(a->text + begin, a->used - begin))
			return false;
	}
	a->service = ca_logline_end(a, begin);
	if (a->service == NULL)
		return false;
	a->session = ca_logline_skip_text(c, ":session): ");
	return a->session || ca_logline_skip_text(c, ":auth): ") ||
	       ca_logline_skip_text(c, ":account): ");
}

/* One line of printable text, as the module writes it. */
static bool
printable(const char *p, size_t len)
{
	return len <= CA_LOGLINE_MAX && ca_utf8_text(p, len);
}

static bool
complete(const struct ca_logline *a)
{
	static const struct {
		const char *event, *outcome;
	} known[] = {{"login", "granted"}, {"login", "denied"},
	    {"account", "granted"}, {"account", "denied"},
	    {"account", "accepted"}, {"account", "rejected"},
	    {"login", "accepted"}, {"login", "rejected"}, {"session", "ended"},
	    {"session", "locked"}, {"session", "warned"}, {"session", "noted"}};

	/* the phase is outside of what a client can write */
	if (a->session != (strcmp(a->event, "session") == 0))
		return false;
	if (a->outcome == NULL || a->reason == NULL ||
	    (strcmp(a->mode, "enforce") != 0 && strcmp(a->mode, "audit") != 0))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(a->event, known[i].event) == 0 &&
		    strcmp(a->outcome, known[i].outcome) == 0)
			return true;
	return false;
}

enum ca_err
ca_logline_parse(const char *message, size_t len, struct ca_logline *out)
{
	struct ca_logline_cursor c = {message, message + len, out};
	bool well, json;

	/* without the storage, of which only the used part is ever read */
	memset(out, 0, offsetof(struct ca_logline, text));
	out->used = 0;
	out->count = 1;
	repeated(&c);
	if (!ca_logline_skip_text(&c, "pam_certauth("))
		return CA_ERR_NOT_FOUND;
	if (!service(&c))
		return CA_ERR_FORMAT;
	json = c.p < c.end && *c.p == '{';
	if (!json) {
		struct ca_logline_cursor at = c;

		/* other lines of the module: warnings, what a helper said */
		if (!ca_logline_skip_text(&at, "outcome=") &&
		    !ca_logline_skip_text(&at, "event=") &&
		    !ca_logline_skip_text(&at, "mode="))
			return CA_ERR_NOT_FOUND;
	}
	if (!printable(message, len))
		return CA_ERR_FORMAT;
	well = json ? ca_logline_json(&c) : ca_logline_pairs(&c);
	if (out->event == NULL)
		out->event = "login";
	if (out->mode == NULL)
		out->mode = "enforce";
	return well && c.p == c.end && complete(out) ? CA_OK : CA_ERR_FORMAT;
}

bool
ca_logline_granted(const struct ca_logline *a)
{
	return strcmp(a->outcome, "granted") == 0 ||
	       strcmp(a->outcome, "accepted") == 0;
}
