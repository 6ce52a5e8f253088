#include "sign/helpersource.h"
#include "base/tr.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sign/pick.h"

static enum ca_err
add(struct ca_identities *ids, struct ca_identity *id)
{
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	struct ca_identity **v = realloc(ids->v, (ids->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	ids->v = v;
	ids->v[ids->n++] = id;
	return CA_OK;
}

/* Read the user's own certificates, with the user's rights. */
static void
find_usercerts(struct ca_sources *s)
{
	const char *home = getenv("HOME");
	struct ca_buf pattern = CA_BUF_INIT(4096);
	glob_t found;

	if (home == NULL || home[0] != '/')
		return;
	ca_buf_fmt(&pattern, "%s/.certauth/*.pem", home);
	const char *text = ca_buf_text(&pattern);
	if (text != NULL && glob(text, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct ca_identity *id = NULL;

			if (s->ncerts == CA_SOURCES_CERTS_MAX ||
			    ca_key_pem_cert(s->crypto, found.gl_pathv[i],
				s->log, &id) != CA_OK)
				continue;
			s->cert[s->ncerts++] = id->leaf;
			id->leaf = NULL; /* transferred */
			ca_identity_free(id);
		}
		globfree(&found);
	}
	ca_buf_free(&pattern);
}

/* Take the registered certificates whose keys the agent has. */
static enum ca_err
from_agent(struct ca_sources *s, struct ca_identities *ids)
{
	for (size_t i = 0; i < s->ncerts; i++) {
		struct ca_key *key = NULL;
		enum ca_err rc =
		    ca_key_agent(s->crypto, s->agent, s->cert[i], s->log, &key);

		if (rc == CA_ERR_IO || rc == CA_ERR_TIMEOUT) {
			ca_log_err(s->log, "the ssh-agent does not answer: %-s",
			    ca_err_text(rc));
			return CA_OK; /* the next source */
		}
		if (rc != CA_OK)
			continue;
		struct ca_identity *id = calloc(1, sizeof *id);
		if (id == NULL || (id->label = strdup("ssh-agent")) == NULL ||
		    add(ids, id) != CA_OK) {
			ca_key_free(key);
			ca_identity_free(id);
			return CA_ERR_MEMORY;
		}
		id->key = key;
		id->registered = true; /* all of s->cert are */
		id->leaf = s->cert[i];
		(void)X509_up_ref(id->leaf);
	}
	return CA_OK;
}

static enum ca_err
from_file(
    struct ca_sources *s, const struct ca_key_ui *ui, struct ca_identities *ids)
{
	struct ca_identity *id = NULL;
	enum ca_err rc;

	if (ca_key_is_p12(s->keyfile))
		rc = ca_key_p12(s->crypto, s->keyfile, ui, s->log, &id);
	else
		rc = ca_key_pem(s->crypto, s->keyfile, NULL, ui, s->log, &id);
	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK; /* the stick is not inserted: the next source */
	if (rc == CA_OK && (rc = add(ids, id)) != CA_OK)
		ca_identity_free(id);
	return rc;
}

static enum ca_err
from_tokens(
    struct ca_sources *s, const struct ca_key_ui *ui, struct ca_identities *ids)
{
	struct ca_key_search search = {
	    .uri = s->pkcs11[0] != '\0' ? s->pkcs11 : NULL,
	    .pin = s->pinless ? CA_KEY_PIN_WANTED : CA_KEY_PIN_REQUIRED,
	    .ui = ui,
	    .log = s->log};
	const time_t end = time(NULL) + (time_t)s->wait;
	bool told = false;
	enum ca_err rc;

	for (;;) {
		search.final = time(NULL) >= end || s->talk->gone;
		rc = ca_key_p11(s->crypto, &search, ids);
		if (search.final || search.asked ||
		    (rc != CA_ERR_NOT_FOUND && rc != CA_DENIED))
			break;
		if (!told)
			ui->info(ui->ctx, _("Insert your smart card."));
		told = true;
		(void)sleep(1);
	}
	if (search.why[0] != '\0')
		ca_log_err(s->log, "no token has a certificate with a key: %-s",
		    search.why);
	if (search.asked)
		return rc;
	/* the token is inserted: tell the user why it is not used */
	if (rc == CA_DENIED)
		ui->error(ui->ctx, s->told, s->last);
	return rc == CA_ERR_NOT_FOUND || rc == CA_DENIED ? CA_OK : rc;
}

/* CA_ERR_NOT_FOUND: source has no certificate for the request. */
static enum ca_err
try_source(struct ca_sources *s, enum ca_source source,
    const struct ca_request *req, const struct ca_key_ui *ui,
    struct ca_identity **out)
{
	const struct ca_pick pick = {req, time(NULL), ui, s->log};
	struct ca_identities ids = {0};
	enum ca_err rc = CA_OK;

	if (source == CA_SOURCE_AGENT && s->agent != NULL)
		rc = from_agent(s, &ids);
	else if (source == CA_SOURCE_FILE && s->keyfile != NULL)
		rc = from_file(s, ui, &ids);
	else if (source == CA_SOURCE_TOKENS && s->pkcs11 != NULL)
		rc = from_tokens(s, ui, &ids);
	if (rc == CA_OK)
		rc = ca_identities_pick(&ids, &pick, out);
	/* what was said of other certificates is no reason if this one fails */
	if (rc == CA_OK)
		s->last[0] = s->told[0] = '\0';
	ca_identities_free(&ids);
	return rc;
}

enum ca_err
ca_sources_choose(struct ca_sources *s, const struct ca_request *req,
    const struct ca_key_ui *ui, struct ca_identity **out, enum ca_source *from)
{
	enum ca_err rc = CA_ERR_NOT_FOUND;

	if (s->usercerts)
		find_usercerts(s);
	for (int i = CA_SOURCE_AGENT; i < CA_SOURCES && rc == CA_ERR_NOT_FOUND;
	     i++) {
		*from = (enum ca_source)i;
		rc = try_source(s, (enum ca_source)i, req, ui, out);
	}
	return rc;
}

void
ca_sources_clear(struct ca_sources *s)
{
	for (size_t i = 0; i < s->ncerts; i++)
		X509_free(s->cert[i]);
	s->ncerts = 0;
	free(s->agent);
	free(s->pkcs11);
	free(s->keyfile);
	s->agent = s->pkcs11 = s->keyfile = NULL;
}
