#include "client/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tr.h"
#include "sign/identity.h"
#include "sign/pick.h"
#include "client/remember.h"

/* ---- sources ---- */

static enum ca_err
take_named(struct ca_identity *id, const struct ca_pick *p)
{
	struct ca_buf buf = CA_BUF_INIT(1024);
	bool never = false;
	const char *unfit = ca_identity_unfit(id, p->req, p->now, &buf, &never);

	if (unfit != NULL && never)
		ca_log_err(
		    p->log, "%s cannot be used, because %-s", id->label, unfit);
	else if (unfit != NULL)
		ca_log_warning(p->log,
		    "warning: the host may refuse %s, because %-s", id->label,
		    unfit);
	ca_buf_free(&buf);
	return never ? CA_ERR_NOT_FOUND : CA_OK;
}

/* Find the certificate of id whose key the agent has, and make it the leaf. */
static enum ca_err
find_in_agent(const struct ca_choice *c, const char *socket_path,
    struct ca_identity *id, struct ca_key **key)
{
	const struct ca_log silent = {NULL, NULL, false};
	int n = sk_X509_num(id->chain) + 1;

	for (int i = 0; n > 1 && i < n; i++) {
		enum ca_err rc = ca_key_agent(
		    c->crypto, socket_path, id->leaf, &silent, key);

		ca_key_free(*key);
		*key = NULL;
		if (rc == CA_OK)
			break;
		if (!ca_identity_turn(id))
			return CA_ERR_MEMORY;
	}
	/* once more, with the log that the key keeps */
	return ca_key_agent(c->crypto, socket_path, id->leaf, c->pick.log, key);
}

/* The certificate is in a file, its key in the agent. */
static enum ca_err
load_agent(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;
	const struct ca_log *log = c->pick.log;
	const char *socket_path = getenv("SSH_AUTH_SOCK");
	struct ca_key *key = NULL;
	enum ca_err rc;

	if (socket_path == NULL || socket_path[0] == '\0') {
		ca_log_err(
		    log, "no ssh-agent can be used: SSH_AUTH_SOCK is not set");
		return CA_ERR_NOT_FOUND;
	}
	if ((rc = ca_key_pem_cert(c->crypto, conf->cert, log, out)) != CA_OK)
		return rc;
	rc = find_in_agent(c, socket_path, *out, &key);
	if (rc != CA_OK) {
		ca_log_err(log, "the ssh-agent at %s cannot sign with %s: %-s",
		    socket_path, conf->cert, ca_err_text(rc));
		ca_identity_free(*out);
		*out = NULL;
		return rc;
	}
	(*out)->key = key; /* transferred */
	return CA_OK;
}

static bool
in_agent(const struct ca_client_conf *conf)
{
	return conf->key != NULL ? strcmp(conf->key, "agent") == 0
				 : conf->ssh_agent;
}

/* The user named a PKCS#12 file, or a certificate and the place of its key. */
static enum ca_err
load_named(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;

	if (conf->p12 != NULL)
		return ca_key_p12(
		    c->crypto, conf->p12, c->pick.ui, c->pick.log, out);
	/* the key's file may have its certificate too, or be a PKCS#12 file,
	 * which ca_key_pem() names */
	if (conf->cert == NULL && conf->key != NULL && !in_agent(conf))
		return ca_key_pem(c->crypto, conf->key, conf->key, c->pick.ui,
		    c->pick.log, out);
	if (conf->cert == NULL) {
		ca_log_err(c->pick.log,
		    "a key in a file or in the ssh-agent needs its "
		    "certificate; give --cert FILE, or set `cert =' in "
		    "~/.config/certauth/config");
		return CA_ERR_NOT_FOUND;
	}
	if (in_agent(conf))
		return load_agent(c, out);
	return ca_key_pem(
	    c->crypto, conf->cert, conf->key, c->pick.ui, c->pick.log, out);
}

static enum ca_err
choose_named(const struct ca_choice *c, struct ca_identity **out)
{
	struct ca_identity *id = NULL;
	enum ca_err rc;

	if ((rc = load_named(c, &id)) == CA_OK)
		rc = take_named(id, &c->pick);
	if (rc != CA_OK) {
		ca_identity_free(id);
		return rc;
	}
	*out = id;
	return CA_OK;
}

/* ---- tokens: every certificate on them, filtered ---- */

/* Keep only the certificate that was chosen for this host before, if it still
 * fits. */
static void
keep_remembered(struct ca_identities *ids, const struct ca_choice *c)
{
	struct ca_buf why = CA_BUF_INIT(1024);
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	X509 **cert = calloc(ids->n, sizeof(*cert));
	size_t index;
	bool never;

	for (size_t i = 0; cert != NULL && i < ids->n; i++)
		cert[i] = ids->v[i]->leaf;
	if (cert != NULL &&
	    ca_remember_find(c->host, cert, ids->n, c->pick.log, &index) ==
		CA_OK &&
	    ca_identity_unfit(ids->v[index], c->pick.req, c->pick.now, &why,
		&never) == NULL) {
		struct ca_identity *one = ids->v[index];

		for (size_t i = 0; i < ids->n; i++)
			if (i != index)
				ca_identity_free(ids->v[i]);
		ids->v[0] = one;
		ids->n = 1;
	}
	ca_buf_free(&why);
	free(cert);
}

/* The keys on tokens of the first certificate in file that has any; it becomes
 * the leaf. */
static enum ca_err
find_on_tokens(const struct ca_choice *c, struct ca_identity *file,
    struct ca_key_search *search, struct ca_identities *ids)
{
	enum ca_err rc = CA_ERR_NOT_FOUND;

	for (int n = sk_X509_num(file->chain); n >= 0; n--) {
		*search = (struct ca_key_search){.uri = c->conf->key,
		    .pin = CA_KEY_PIN_WANTED,
		    .ui = c->pick.ui,
		    .log = c->pick.log,
		    .final = true,
		    .cert = file->leaf};
		rc = ca_key_p11(c->crypto, search, ids);
		if (rc != CA_ERR_NOT_FOUND)
			break;
		if (!ca_identity_turn(file))
			return CA_ERR_MEMORY;
	}
	return rc;
}

/* The certificate is in a file, its key on a token. */
static enum ca_err
choose_token_key(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_identities ids = {0};
	struct ca_identity *file = NULL, *id = NULL;
	struct ca_key_search search = {0};

	rc = ca_key_pem_cert(c->crypto, conf->cert, c->pick.log, &file);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = find_on_tokens(c, file, &search, &ids)) != CA_OK) {
		/* a PIN may follow the question mark; a URI that cannot be used,
		 * which was logged, may have it anywhere */
		if (rc != CA_ERR_USAGE)
			ca_log_err(c->pick.log,
			    "no token for %-.*s has the key of %s: %-s",
			    (int)strcspn(conf->key, "?"), conf->key, conf->cert,
			    search.why[0] != '\0' ? search.why
						  : ca_err_text(rc));
		ret = rc;
		goto out;
	}
	if ((rc = ca_identities_offer(&ids, c->pick.ui, &id)) != CA_OK ||
	    (rc = take_named(id, &c->pick)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* the file's intermediates, if it has any */
	if (sk_X509_num(file->chain) > 0) {
		STACK_OF(X509) *chain = id->chain;

		id->chain = file->chain;
		file->chain = chain;
	}
	*out = id;
	id = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_identity_free(id);
	ca_identity_free(file);
	ca_identities_free(&ids);
	return ret;
}

static enum ca_err
choose_token(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;
	const char *uri = conf->key != NULL ? conf->key : conf->token_uri;
	struct ca_identities ids = {0};
	enum ca_err rc;

	struct ca_key_search search = {.uri = uri,
	    .pin = CA_KEY_PIN_WANTED,
	    .ui = c->pick.ui,
	    .log = c->pick.log,
	    .final = true};
	rc = ca_key_p11(c->crypto, &search, &ids);
	if (rc != CA_OK) {
		if (rc != CA_ERR_USAGE)
			ca_log_err(c->pick.log,
			    "no certificate with a key on a token%-s%-.*s: "
			    "%-s",
			    uri != NULL ? N_(" for ") : "",
			    uri != NULL ? (int)strcspn(uri, "?") : 0,
			    uri != NULL ? uri : "",
			    search.why[0] != '\0' ? search.why
						  : ca_err_text(rc));
		return rc;
	}
	if (conf->remember)
		keep_remembered(&ids, c);
	rc = ca_identities_pick(&ids, &c->pick, out);
	if (rc == CA_OK && conf->remember && ids.n > 1)
		ca_remember_keep(c->host, (*out)->leaf, c->pick.log);
	if (rc == CA_ERR_NOT_FOUND)
		ca_log_err(
		    c->pick.log, "no certificate on a token fits this request");
	ca_identities_free(&ids);
	return rc;
}

enum ca_err
ca_identity_choose(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;
	bool token = conf->key != NULL && ca_text_pkcs11(conf->key);
	bool named =
	    conf->cert != NULL || conf->p12 != NULL || conf->key != NULL;
	struct ca_identity *id = NULL;
	enum ca_err rc;

	if (token && conf->cert != NULL)
		rc = choose_token_key(c, &id);
	else if (token || (!named && (conf->pkcs11 || conf->token_uri != NULL)))
		rc = choose_token(c, &id);
	else if (named)
		rc = choose_named(c, &id);
	else {
		ca_log_err(c->pick.log,
		    "no certificate to log in with is configured; give --cert "
		    "and --key, or set `cert =' and `key =' in "
		    "~/.config/certauth/config");
		return CA_ERR_NOT_FOUND;
	}
	if (rc != CA_OK)
		return rc;
	id->registered = conf->registered;
	*out = id;
	return CA_OK;
}
