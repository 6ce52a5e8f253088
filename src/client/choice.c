#include "client/client.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "client/remember.h"
#include "verify/verify.h"

/* ---- what speaks against a certificate ---- */

static bool
issued_by(X509 *cert, STACK_OF(X509) * chain, const X509_NAME *name)
{
	if (X509_NAME_cmp(X509_get_issuer_name(cert), name) == 0)
		return true;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *c = sk_X509_value(chain, i);

		if (X509_NAME_cmp(X509_get_issuer_name(c), name) == 0)
			return true;
	}
	return false;
}

/* RFC 8446 section 4.2.4: one of the host's CAs is in the path. */
static bool
authority_fits(const struct ca_identity *id, const struct ca_request *req)
{
	struct ca_reader at =
	    ca_reader_of(req->authorities.p, req->authorities.len);
	struct ca_bytes der;
	bool fits = req->authorities.len == 0;

	while (!fits && ca_request_next_authority(&at, &der) == CA_OK) {
		const unsigned char *p = der.p;
		X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.len);

		fits = name != NULL && issued_by(id->leaf, id->chain, name);
		X509_NAME_free(name);
	}
	ERR_clear_error();
	return fits;
}

static bool
purpose_fits(X509 *cert)
{
	EXTENDED_KEY_USAGE *eku;
	bool fits = false;

	/* a card's certificate for encryption; absent gives all bits */
	if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		return false;
	eku = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	if (eku == NULL)
		return X509_get_ext_by_NID(cert, NID_ext_key_usage, -1) < 0;
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i));

		fits = fits || nid == NID_client_auth ||
		       nid == NID_anyExtendedKeyUsage ||
		       nid == NID_ms_smartcard_login;
	}
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return fits;
}

static void
put_time(struct ca_buf *b, const ASN1_TIME *t)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		ca_buf_fmt(b, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
	else
		ca_buf_str(b, "an unreadable date");
}

/* The host's CAs aside. */
static void
unfit_itself(const struct ca_identity *id, const struct ca_request *req,
    time_t now, struct ca_buf *buf, bool *never)
{
	ca_buf_reset(buf);
	*never = ca_identity_scheme(id, req) == NULL;
	if (*never) {
		ca_buf_str(buf, "its key fits no signature scheme that the "
				"host accepts");
	} else if (X509_cmp_time(X509_get0_notAfter(id->leaf), &now) < 0) {
		ca_buf_str(buf, "it expired on ");
		put_time(buf, X509_get0_notAfter(id->leaf));
	} else if (X509_cmp_time(X509_get0_notBefore(id->leaf), &now) > 0) {
		ca_buf_str(buf, "it is not valid before ");
		put_time(buf, X509_get0_notBefore(id->leaf));
	} else if (!purpose_fits(id->leaf)) {
		ca_buf_str(buf, "it is not for client authentication");
	}
}

const char *
ca_identity_unfit(const struct ca_identity *id, const struct ca_request *req,
    time_t now, struct ca_buf *buf, bool *never)
{
	unfit_itself(id, req, now, buf, never);
	/* one that the host has registered needs no such hint, and its
	 * intermediates may be known to the host alone */
	if (buf->len == 0 && !id->registered && !authority_fits(id, req))
		ca_buf_str(buf, "it is of none of the CAs that the host names");
	if (buf->len == 0 && buf->err == CA_OK)
		return NULL;
	const char *text = ca_buf_text(buf);
	return text != NULL ? text : "out of memory";
}

/* Does its chain, as far as it is here, end below a root? */
static bool
chain_is_open(const struct ca_identity *id)
{
	X509 *at = id->leaf;

	for (int links = 0; links <= sk_X509_num(id->chain) + 1; links++) {
		const X509_NAME *issuer = X509_get_issuer_name(at);
		X509 *next = NULL;

		if (X509_NAME_cmp(X509_get_subject_name(at), issuer) == 0)
			return false;
		for (int i = 0; i < sk_X509_num(id->chain) && next == NULL; i++)
			if (X509_NAME_cmp(X509_get_subject_name(
					      sk_X509_value(id->chain, i)),
				issuer) == 0)
				next = sk_X509_value(id->chain, i);
		if (next == NULL)
			return true;
		at = next;
	}
	return false; /* a circle */
}

bool
ca_identity_uncertain(
    const struct ca_identity *id, const struct ca_request *req, time_t now)
{
	struct ca_buf why = CA_BUF_INIT(1024);
	bool never, fits;

	unfit_itself(id, req, now, &why, &never);
	fits = why.len == 0 && why.err == CA_OK;
	ca_buf_free(&why);
	return fits && !id->registered && !authority_fits(id, req) &&
	       chain_is_open(id);
}

/* ---- sources ---- */

/* "CN=Alice,O=Corp, issued by CN=CA, until 2027-01-01, in LABEL" */
void
ca_identity_describe(const struct ca_identity *id, struct ca_buf *b)
{
	ca_name_rfc4514(X509_get_subject_name(id->leaf), b);
	ca_buf_str(b, ", issued by ");
	ca_name_rfc4514(X509_get_issuer_name(id->leaf), b);
	ca_buf_str(b, ", until ");
	put_time(b, X509_get0_notAfter(id->leaf));
	if (id->label != NULL)
		ca_buf_fmt(b, ", in %s", id->label);
}

static enum ca_err
take_named(struct ca_identity *id, const struct ca_request *req, time_t now,
    const struct ca_log *log)
{
	struct ca_buf buf = CA_BUF_INIT(1024);
	bool never = false;
	const char *unfit = ca_identity_unfit(id, req, now, &buf, &never);

	if (unfit != NULL && never)
		ca_log_err(log, "%s cannot be used: %-s", id->label, unfit);
	else if (unfit != NULL)
		ca_log_warning(log, "warning: the host may refuse %s: %-s",
		    id->label, unfit);
	ca_buf_free(&buf);
	return never ? CA_ERR_NOT_FOUND : CA_OK;
}

/* A certificate in a file, its key in the agent. */
static enum ca_err
load_agent(struct ca_crypto *crypto, const struct ca_client_conf *conf,
    const struct ca_log *log, struct ca_identity **out)
{
	const char *socket_path = getenv("SSH_AUTH_SOCK");
	struct ca_key *key = NULL;
	enum ca_err rc;

	if (socket_path == NULL || socket_path[0] == '\0') {
		ca_log_err(log, "no ssh-agent: SSH_AUTH_SOCK is not set");
		return CA_ERR_NOT_FOUND;
	}
	if ((rc = ca_key_pem_cert(crypto, conf->cert, log, out)) != CA_OK)
		return rc;
	rc = ca_key_agent(crypto, socket_path, (*out)->leaf, log, &key);
	if (rc != CA_OK) {
		ca_log_err(log, "the ssh-agent at %s has no key for %s: %-s",
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

/* What the user named: a PKCS#12 file, or a certificate and where its key is.
 */
static enum ca_err
load_named(struct ca_crypto *crypto, const struct ca_client_conf *conf,
    const struct ca_key_ui *ui, const struct ca_log *log,
    struct ca_identity **out)
{
	if (conf->p12 != NULL)
		return ca_key_p12(crypto, conf->p12, ui, log, out);
	if (conf->cert == NULL) {
		ca_log_err(log, "a key in a file or in the agent needs its "
				"certificate: --cert FILE, or `cert =' in "
				"~/.config/certauth/config");
		return CA_ERR_NOT_FOUND;
	}
	if (in_agent(conf))
		return load_agent(crypto, conf, log, out);
	return ca_key_pem(crypto, conf->cert, conf->key, log, out);
}

static enum ca_err
choose_named(const struct ca_choice *c, struct ca_identity **out)
{
	struct ca_identity *id = NULL;
	enum ca_err rc;

	if ((rc = load_named(c->crypto, c->conf, c->ui, c->log, &id)) == CA_OK)
		rc = take_named(id, c->req, c->now, c->log);
	if (rc != CA_OK) {
		ca_identity_free(id);
		return rc;
	}
	*out = id;
	return CA_OK;
}

/* ---- tokens: every certificate on them, filtered ---- */

/* Of all that were found, only the one that was chosen for this host before,
 * if it still fits. */
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
	    ca_remember_find(c->host, cert, ids->n, c->log, &index) == CA_OK &&
	    ca_identity_unfit(ids->v[index], c->req, c->now, &why, &never) ==
		NULL) {
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

/* A certificate in a file, its key on a token. */
static enum ca_err
choose_token_key(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_identities ids = {NULL, 0};
	struct ca_identity *file = NULL, *id = NULL;

	rc = ca_key_pem_cert(c->crypto, conf->cert, c->log, &file);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_key_p11_for(c->crypto, conf->key, file->leaf, c->log, &ids);
	if (rc != CA_OK) {
		/* behind the question mark there may be a PIN */
		ca_log_err(c->log, "no token for %-.*s has the key of %s: %-s",
		    (int)strcspn(conf->key, "?"), conf->key, conf->cert,
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	if ((rc = ca_identities_offer(&ids, c->ui, &id)) != CA_OK ||
	    (rc = take_named(id, c->req, c->now, c->log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* the file's intermediates, where it has any */
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
	struct ca_identities ids = {NULL, 0};
	enum ca_err rc;

	rc = ca_key_p11(c->crypto, uri, CA_KEY_PIN_WANTED, c->log, &ids);
	if (rc != CA_OK) {
		/* behind the question mark there may be a PIN */
		ca_log_err(c->log,
		    "no certificate with a key on a token%-s%-.*s: "
		    "%-s",
		    uri != NULL ? " for " : "",
		    uri != NULL ? (int)strcspn(uri, "?") : 0,
		    uri != NULL ? uri : "", ca_err_text(rc));
		return rc;
	}
	if (conf->remember)
		keep_remembered(&ids, c);
	rc = ca_identities_pick(&ids, c->req, c->now, c->ui, c->log, out);
	if (rc == CA_OK && conf->remember && ids.n > 1)
		ca_remember_keep(c->host, (*out)->leaf, c->log);
	if (rc == CA_ERR_NOT_FOUND)
		ca_log_err(
		    c->log, "no certificate on a token fits this request");
	ca_identities_free(&ids);
	return rc;
}

enum ca_err
ca_identity_choose(const struct ca_choice *c, struct ca_identity **out)
{
	const struct ca_client_conf *conf = c->conf;
	bool token = conf->key != NULL && strncmp(conf->key, "pkcs11:", 7) == 0;
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
		ca_log_err(c->log,
		    "no certificate to log in with: give --cert "
		    "and --key, or write them into ~/.config/certauth/config");
		return CA_ERR_NOT_FOUND;
	}
	if (rc != CA_OK)
		return rc;
	id->registered = conf->registered;
	*out = id;
	return CA_OK;
}
