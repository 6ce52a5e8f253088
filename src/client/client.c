#include "client/client.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/tr.h"
#include "client/choice.h"
#include "client/staple.h"
#include "verify/verify.h"

/* ---- names ---- */

void
ca_client_names_clear(struct ca_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	names->v = NULL;
	names->n = 0;
}

void
ca_client_names_free(struct ca_list *names)
{
	if (names == NULL)
		return;
	ca_client_names_clear(names);
	free(names);
}

enum ca_err
ca_client_names_add(struct ca_list *names, const char *name)
{
	if (name[0] == '\0')
		return CA_OK;
	for (size_t i = 0; i < names->n; i++)
		if (ca_host_equal(names->v[i], name))
			return CA_OK;
	char **v = realloc(names->v, (names->n + 2) * sizeof *v);
	if (v == NULL)
		return CA_ERR_MEMORY;
	names->v = v;
	if ((v[names->n] = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	v[++names->n] = NULL;
	return CA_OK;
}

struct ca_list *
ca_client_local_names(void)
{
	struct ca_list *names = calloc(1, sizeof *names);
	char name[256];

	if (names == NULL || gethostname(name, sizeof name) != 0)
		goto fail;
	name[sizeof name - 1] = '\0';
	if (ca_client_names_add(names, name) != CA_OK)
		goto fail;
	name[strcspn(name, ".")] = '\0';
	if (ca_client_names_add(names, name) != CA_OK)
		goto fail;
	return names;
fail:
	ca_client_names_free(names);
	return NULL;
}

char *
ca_client_login(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw != NULL ? strdup(pw->pw_name) : NULL;
}

/* ---- request and response ---- */

enum ca_err
ca_client_request(
    const char *text, const struct ca_log *log, struct ca_request **out)
{
	struct ca_buf raw = CA_BUF_INIT(CA_REQUEST_MAX);
	enum ca_err rc;

	if ((rc = ca_base64url_decode(&raw, text, strlen(text))) == CA_OK)
		rc = ca_request_parse(raw.p, raw.len, out);
	ca_buf_free(&raw);
	if (rc != CA_OK)
		ca_log_err(log, "the request is %-s; was it copied completely?",
		    ca_err_text(rc));
	return rc;
}

static void
escaped(struct ca_buf *b, const char *text)
{
	ca_buf_escape(b, text, strlen(text));
}

/* "Log in to web1 as alice with CN=Alice?" */
enum ca_err
ca_client_confirm(const struct ca_client *client, const struct ca_request *req,
    const char *host, const struct ca_identity *id)
{
	struct ca_buf text = CA_BUF_INIT(16384);
	enum ca_err rc = CA_ERR_MEMORY;

	if (!client->conf->confirm || client->yes)
		return CA_OK;
	ca_buf_str(&text, _("Log in to "));
	escaped(&text, host);
	if (req->user[0] != '\0') {
		ca_buf_str(&text, _(" as "));
		escaped(&text, req->user);
	}
	ca_buf_str(&text, " (");
	escaped(&text, req->service);
	ca_buf_str(&text, _(") with "));
	ca_name_rfc4514(X509_get_subject_name(id->leaf), &text);
	ca_buf_str(&text, _("?"));
	if (ca_buf_text(&text) != NULL)
		rc = ca_ask_yes(&client->ask, ca_buf_text(&text));
	if (rc != CA_OK)
		ca_log_err(client->log, "not signed: %-s",
		    rc == CA_ERR_IO ? N_("there is no terminal and no askpass "
					 "program to ask for confirmation")
				    : N_("you did not confirm it"));
	ca_buf_free(&text);
	return rc;
}

static enum ca_err
check_rules(const struct ca_client *client, const struct ca_intent *intent,
    const struct ca_request *req)
{
	struct ca_buf why = CA_BUF_INIT(65536);
	const struct ca_rules_case c = {
	    client->crypto, client->conf, intent, req, client->log, &why};
	enum ca_err rc = ca_rules_check(&c, NULL);

	if (rc != CA_OK)
		ca_log_err(client->log, "not signed: %-s",
		    ca_buf_text(&why) != NULL ? ca_buf_text(&why)
					      : ca_err_text(rc));
	ca_buf_free(&why);
	return rc;
}

/* Of base64url. */
static size_t
chars_of(size_t bytes)
{
	return (bytes * 4 + 2) / 3;
}

static bool
wants_staples(const struct ca_client *client, const struct ca_request *req,
    const struct ca_identity *id)
{
	return req->status_request && client->conf->ocsp_timeout > 0 &&
	       !id->registered;
}

/* A response without staples is better than none: the host may have other sources.
 * This is decided before the key signs, because a token may ask for its PIN again. */
static void
fit_staples(const struct ca_client *client, const struct ca_request *req,
    const struct ca_identity *id, struct ca_response_certs *certs)
{
	size_t len = 0;

	/* what is longer is cut to that */
	if (ca_response_certs_bound(req, id, certs, &len) != CA_OK ||
	    len > CA_RESPONSE_MAX)
		len = CA_RESPONSE_MAX;
	if (client->room == NULL ||
	    client->room(client->room_ctx, chars_of(len)) == CA_OK)
		return;
	if (ca_response_unstaple(certs) > 0)
		ca_log_warning(client->log,
		    "no OCSP response is sent, because the response would need "
		    "that directory, and the host may refuse the login");
}

static void
staple(const struct ca_client *client, const struct ca_request *req,
    const struct ca_identity *id, struct ca_response_certs *certs)
{
	ca_staple(client, id->label, certs);
	fit_staples(client, req, id, certs);
}

static size_t
count_staples(const struct ca_response_certs *certs)
{
	size_t n = 0;

	for (size_t i = 0; i < certs->n; i++)
		n += certs->staple[i].len > 0 ? 1 : 0;
	return n;
}

static void
tell_left_out(
    const struct ca_client *client, const struct ca_identity *id, size_t n)
{
	if (n > 0)
		ca_log_warning(client->log,
		    "OCSP responses are not sent (%zu), because with them the "
		    "response would be longer than %d bytes, and the host may "
		    "refuse the login; remove the CA certificates that the "
		    "host has in its intermediates_dir from %s",
		    n, CA_RESPONSE_MAX, id->label);
}

static enum ca_err
sign_by(const struct ca_client *client, const struct ca_request *req,
    struct ca_identity *id, const struct ca_key_ui *ui, struct ca_buf *text)
{
	struct ca_buf response = CA_BUF_INIT((size_t)CA_RESPONSE_MAX);
	struct ca_response_certs certs;
	size_t staples;
	enum ca_err rc;

	rc = ca_response_certs(id, &certs);
	if (rc == CA_OK && wants_staples(client, req, id))
		staple(client, req, id, &certs);
	staples = count_staples(&certs);
	if (rc == CA_OK)
		rc = ca_respond_certs(
		    client->crypto, req, id, &certs, ui, &response);
	if (rc != CA_OK)
		ca_log_err(client->log, "the key of %s did not sign: %-s",
		    id->label, ca_err_text(rc));
	else
		ca_base64url_encode(text, response.p, response.len);
	if (rc == CA_OK)
		tell_left_out(client, id, staples - count_staples(&certs));
	ca_response_certs_clear(&certs);
	ca_buf_free(&response);
	return rc != CA_OK ? rc : ca_buf_err(text);
}

/* Check that a host reads a response of that length. */
static enum ca_err
check_length(const struct ca_client *client, const struct ca_request *req,
    const struct ca_identity *id)
{
	size_t len = 0;
	enum ca_err rc = ca_response_bound(req, id, &len);

	if (rc == CA_OK && len > CA_RESPONSE_MAX)
		rc = CA_ERR_LIMIT;
	if (rc == CA_ERR_LIMIT)
		ca_log_err(client->log,
		    "%s: a response with this certificate and the CA "
		    "certificates in its file would be longer than %d bytes, "
		    "which is the limit of hosts; remove the CA certificates "
		    "that the host has in its intermediates_dir from the file, "
		    "or register the certificate on the host (users_dir) and "
		    "use --registered",
		    id->label, CA_RESPONSE_MAX);
	return rc == CA_ERR_LIMIT ? rc : CA_OK;
}

/* Check that there is room for a response by id, or (NULL) by any certificate
 * in a PKCS#12 file, whose password is asked before the certificate is known.
 */
static enum ca_err
make_room(const struct ca_client *client, const struct ca_request *req,
    const struct ca_identity *id)
{
	/* a PKCS#12 file may have any certificate */
	size_t len = CA_RESPONSE_MAX;
	enum ca_err rc = CA_OK;

	if (client->room == NULL)
		return CA_OK;
	if (id == NULL &&
	    (client->conf->p12 == NULL || client->conf->registered))
		return CA_OK;
	/* without staples: a responder learns of the login only after the user
	 * confirmed it (fit_staples) */
	if (id != NULL)
		rc = ca_response_bound(req, id, &len);
	if (rc == CA_OK)
		return client->room(client->room_ctx, chars_of(len));
	ca_log_err(client->log, "%s cannot make a response: %-s",
	    id != NULL ? id->label : "", ca_err_text(rc));
	return rc;
}

enum ca_err
ca_client_sign(struct ca_client *client, const struct ca_intent *intent,
    const struct ca_request *req, struct ca_buf *text)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_key_ui ui = ca_ask_ui(&client->ask);
	struct ca_identity *id = NULL;
	const struct ca_choice choice = {.crypto = client->crypto,
	    .conf = client->conf,
	    .host = ca_rules_host(client->conf, intent, req),
	    .pick = {req, intent->now, &ui, client->log}};

	if ((rc = check_rules(client, intent, req)) != CA_OK ||
	    (rc = choice.host != NULL ? CA_OK : CA_DENIED) != CA_OK ||
	    (rc = make_room(client, req, NULL)) != CA_OK ||
	    (rc = ca_identity_choose(&choice, &id)) != CA_OK ||
	    (rc = check_length(client, req, id)) != CA_OK ||
	    (rc = make_room(client, req, id)) != CA_OK ||
	    (rc = ca_client_confirm(client, req, choice.host, id)) != CA_OK ||
	    (rc = sign_by(client, req, id, &ui, text)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_identity_free(id);
	return ret;
}
