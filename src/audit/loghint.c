#include "audit/loghint.h"
#include "base/text.h"
#include "base/utf8.h"
#include "map/map.h"

#include <string.h>

#define PLACEHOLDER "CERT.pem"

/* Append a word for the shell; what cannot be shown in quotes becomes a
 * placeholder. */
static void
put_word(struct ca_buf *out, const char *text, const char *placeholder)
{
	size_t len = strlen(text);

	if (text[0] != '-' && text[0] != '~' && ca_text_plain(text, len))
		ca_buf_str(out, text);
	else if (len > 0 && len <= 256 && text[0] != '-' &&
		 ca_utf8_text(text, len) && strchr(text, '\'') == NULL)
		ca_buf_fmt(out, "'%s'", text);
	else
		ca_buf_str(out, placeholder);
}

static bool
one_of(const char *reason, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, reason) == 0)
			return true;
	return false;
}

static bool
find(const struct ca_logline *a, const struct ca_context *context,
    struct ca_buf *path)
{
	const char *user = a->fact[CA_FACT_USER];

	return context != NULL && user != NULL && user[0] != '\0' &&
	       ca_map_registered_path(
		   context, user, a->fact[CA_FACT_SHA256], path) == CA_OK;
}

static void
put_explain(const struct ca_logline *a, const struct ca_context *context,
    struct ca_buf *out, bool *wanted)
{
	const char *service = a->fact[CA_FACT_SERVICE];
	const char *user = a->fact[CA_FACT_USER];
	const char *rhost = a->fact[CA_FACT_RHOST];
	struct ca_buf path = CA_BUF_INIT(16384);

	ca_buf_str(out, "certauth explain --service ");
	put_word(out, service != NULL ? service : a->service, "SERVICE");
	if (user != NULL && user[0] != '\0') {
		ca_buf_str(out, " --user ");
		put_word(out, user, "USER");
	}
	if (rhost != NULL && rhost[0] != '\0') {
		ca_buf_str(out, " --rhost ");
		put_word(out, rhost, "HOST");
	}
	ca_buf_str(out, " ");
	if (find(a, context, &path) && ca_buf_text(&path) != NULL) {
		put_word(out, ca_buf_text(&path), PLACEHOLDER);
	} else {
		*wanted = true;
		ca_buf_str(out, PLACEHOLDER);
	}
	ca_buf_free(&path);
}

void
ca_loghint(const struct ca_logline *a, const struct ca_context *context,
    struct ca_buf *out, bool *wanted)
{
	/* about this one response or signed password: explain does not see it
	 * again */
	static const char *const once[] = {"nonce", "scheme", "signature",
	    "request-expired", "answer-empty", "answer-cut", "answer-malformed",
	    "answer-repeated", "answer-limit", "conversation", "other-host",
	    "replayed", "password-expired", "verifier-restarted", "claims-full",
	    NULL};
	/* about the set-up, whatever the certificate is */
	static const char *const setup[] = {"config", "internal", "users-file",
	    "ca-dir", "crl-dir", "host-proof", "helper", "helper-timeout",
	    "no-resident", "directory", NULL};

	*wanted = false;
	if (ca_logline_granted(a) || one_of(a->reason, once))
		return;
	/* nothing refuses the certificate */
	if (a->session && (strcmp(a->reason, CA_LOG_ADMINISTRATOR) == 0 ||
			      strcmp(a->reason, CA_LOG_PROCESS_ENDED) == 0))
		return;
	if (one_of(a->reason, setup))
		ca_buf_str(out, "certauth doctor");
	else if (a->fact[CA_FACT_SHA256] != NULL)
		put_explain(a, context, out, wanted);
}
