#include "module/outcome.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

#define VALUE_BYTES ((size_t)1 << 19)
#define NAME_MAX_BYTES ((size_t)256)
#define NAMES_BYTES ((size_t)8192)
/* A fact of a line that would be too long may be cut, but none this short. */
#define NEVER_CUT 32

/* ---- any line ---- */

/* Is there a member "outcome" of JSON?  A user may be called outcome, so the colon
 * counts. */
static bool
has_member(const char *line)
{
	static const char name[] = "\"outcome\"";

	while ((line = strcasestr(line, name)) != NULL) {
		line += sizeof name - 1;
		if (line[strspn(line, " \t")] == ':')
			return true;
	}
	return false;
}

bool
ca_outcome_in(const char *line)
{
	return line[0] == '{' || strcasestr(line, "outcome=") != NULL ||
	       has_member(line);
}

/* Is a character written by its number that could stand as it is?  So a name of JSON
 * can be written otherwise; the report does that with = alone. */
static bool
hides(const char *json)
{
	for (const char *p = json; (p = strchr(p, '\\')) != NULL;) {
		if (strncmp(p, "\\u00", 4) == 0 && p[4] >= '2' && p[4] <= '7' &&
		    strncmp(p + 4, "3d", 2) != 0 &&
		    strncasecmp(p + 4, "7f", 2) != 0)
			return true;
		p += p[1] != '\0' ? 2 : 1;
	}
	return false;
}

/* ---- the line of an outcome ---- */

static bool
skip(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* What ca_auth_log writes before the reason: as JSON, or as text, where the usual
 * event and mode are left out unless memory is short. */
static bool
begins(const struct ca_outcome *about, bool granted, const char **at)
{
	bool login = about->op != CA_OP_RECHECK;
	const char *yes = login ? "granted" : "accepted";
	const char *no = login ? "denied" : "rejected";

	if (skip(at, "{\"event\":\""))
		return skip(at, login ? "login" : "account") &&
		       (skip(at, "\",\"proof\":\"password") || true) &&
		       skip(at, "\",\"mode\":\"") &&
		       skip(at, about->audit ? "audit" : "enforce") &&
		       skip(at, "\",\"outcome\":\"") &&
		       skip(at, granted ? yes : no) &&
		       skip(at, "\",\"reason\":\"");
	if (!skip(at, login ? "event=login " : "event=account ") && !login)
		return false;
	(void)skip(at, "proof=password ");
	if (!skip(at, about->audit ? "mode=audit " : "mode=enforce ") &&
	    about->audit)
		return false;
	return skip(at, "outcome=") &&
	       (skip(at, granted ? yes : no) ||
		   /* without memory, the short line has the words of a login */
		   (!login && skip(at, granted ? "granted" : "denied"))) &&
	       skip(at, " reason=");
}

/* Is each field of that name in the line value, as the report writes it? */
static bool
says(const char *line, bool json, const char *name, const char *value)
{
	struct ca_buf field = CA_BUF_INIT(64), want = CA_BUF_INIT(VALUE_BYTES);
	bool right = true;

	/* put_json_signs of src/auth writes a sign differently */
	if (value == NULL || value[0] == '\0' || strlen(value) > NEVER_CUT ||
	    (json && strchr(value, '=') != NULL))
		return true;
	ca_buf_fmt(&field, json ? "\"%s\":" : " %s=", name);
	if (json)
		ca_buf_json(&want, value, strlen(value));
	else
		ca_buf_quote(&want, value, strlen(value));
	const char *key = ca_buf_text(&field), *quoted = ca_buf_text(&want);
	if (key == NULL || quoted == NULL)
		right = false;
	while (right && (line = strstr(line, key)) != NULL) {
		line += strlen(key);
		right = strncmp(line, quoted, strlen(quoted)) == 0;
	}
	ca_buf_free(&want);
	ca_buf_free(&field);
	return right;
}

static bool
is_outcome(const struct ca_outcome *about, const struct ca_op_answer *a,
    const char *line)
{
	bool json = line[0] == '{', granted = a->err == CA_OK;
	const char *user = about->user, *rest = line;

	if ((user == NULL || user[0] == '\0') && granted)
		user = a->login;
	return begins(about, granted, &rest) && !ca_outcome_in(rest) &&
	       !(json && hides(rest)) && says(line, json, "user", user) &&
	       says(line, json, "service", about->service) &&
	       says(line, json, "rhost", about->rhost);
}

bool
ca_outcome_fits(const struct ca_outcome *about, const struct ca_op_answer *a)
{
	/* a request, a name that is confirmed, and an open session are none */
	bool none = (about->op == CA_OP_REQUEST && a->err == CA_OK) ||
		    about->op == CA_OP_CONFIRM || about->op == CA_OP_SESSION;

	if (a->line.n == 0)
		return true;
	if (none || !is_outcome(about, a, a->line.v[0]))
		return false;
	for (size_t i = 1; i < a->line.n; i++) {
		if (ca_outcome_in(a->line.v[i]))
			return false;
	}
	return true;
}

/* ---- log ---- */

void
ca_outcome_log(const struct ca_log *log, const struct ca_op_answer *a)
{
	for (size_t i = 0; i < a->line.n; i++)
		ca_log_pass(
		    log, i == 0 ? CA_LOG_NOTICE : CA_LOG_DEBUG, a->line.v[i]);
}

/* In quotes, as the report writes it; the end of a very long one is left out. */
static void
put_name(struct ca_buf *out, const char *key, const char *name)
{
	const char *text = name != NULL ? name : "";
	size_t len = strlen(text);

	ca_buf_put(out, key, strlen(key));
	ca_buf_quote(out, text, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES);
}

void
ca_outcome_none(const struct ca_log *log, const char *event,
    enum ca_reason reason, const struct ca_outcome *about)
{
	struct ca_buf names = CA_BUF_INIT(NAMES_BYTES);

	put_name(&names, " user=", about->user);
	put_name(&names, " service=", about->service);
	ca_log_err(log,
	    "%-soutcome=denied reason=%-s%-s detail=\"%-s; run: certauth doctor\"",
	    event, ca_reason_code(reason),
	    ca_buf_text(&names) != NULL ? ca_buf_text(&names) : "",
	    reason == CA_R_CONFIG ? "the line before names the file"
				  : "the line before has the cause");
	ca_buf_free(&names);
}
