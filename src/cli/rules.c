#include "cli/rules.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "verify/report.h"
#include "verify/verify.h"
#include "wire/scheme.h"

struct judging {
	struct ca_crypto *crypto;
	const struct ca_client_conf *conf;
	const struct ca_intent *intent;
	const struct ca_request *req;
	const struct ca_log *log;
	struct ca_buf *why;
};

static void
quote(struct ca_buf *b, const char *text)
{
	ca_buf_escape(b, text, strlen(text));
}

static void
put_names(struct ca_buf *b, const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			ca_buf_str(b, ", ");
		quote(b, name[i]);
	}
}

enum ca_err
ca_rules_prefix(const char *text, char **user, char **host)
{
	const char *end = strstr(text, ") ");

	/* a login may hold an @ (user@realm), a host name may not */
	if (text[0] != '(' || end == NULL)
		return CA_ERR_NOT_FOUND;
	const char *at = memrchr(text, '@', (size_t)(end - text));
	if (at == NULL || at == text + 1 || at + 1 == end)
		return CA_ERR_NOT_FOUND;
	for (const char *s = text; s < end; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return CA_ERR_NOT_FOUND;
	char *u = strndup(text + 1, (size_t)(at - text - 1));
	char *h = strndup(at + 1, (size_t)(end - at - 1));
	if (u == NULL || h == NULL) {
		free(u);
		free(h);
		return CA_ERR_MEMORY;
	}
	*user = u;
	*host = h;
	return CA_OK;
}

/* ---- rule 1: the host ---- */

/* The user meant name, or trusts it to answer for what was meant. */
static bool
meant(const struct judging *j, const char *name)
{
	const struct ca_list *trusted = &j->conf->trusted_hosts;

	if (j->intent->any_host)
		return true;
	for (size_t i = 0; i < j->intent->nhosts; i++)
		if (ca_host_equal(j->intent->host[i], name))
			return true;
	for (size_t i = 0; i < trusted->n; i++)
		if (ca_host_match(trusted->v[i], name))
			return true;
	return false;
}

static enum ca_err
rule_host(const struct judging *j)
{
	for (size_t i = 0; i < j->req->nhost_names; i++)
		if (meant(j, j->req->host_name[i]))
			return CA_OK;
	ca_buf_str(j->why, "rule 1, the host: you are logging in to ");
	if (j->intent->nhosts == 0)
		ca_buf_str(j->why, "(no host given)");
	put_names(j->why, j->intent->host, j->intent->nhosts);
	ca_buf_str(j->why, ", but the request is of ");
	put_names(j->why, (const char *const *)j->req->host_name,
	    j->req->nhost_names);
	ca_buf_str(j->why,
	    ". Somebody may be passing on another host's "
	    "request. If it is the same host, name it by --host, or by "
	    "trusted_hosts in its section of ~/.config/certauth/config");
	return CA_DENIED;
}

/* ---- rule 2: the login ---- */

static enum ca_err
rule_user(const struct judging *j)
{
	const char *meant_user = j->intent->user;

	if (j->req->user[0] == '\0' || meant_user == NULL ||
	    strcmp(j->req->user, meant_user) == 0)
		return CA_OK;
	ca_buf_str(j->why, "rule 2, the login: you are logging in as ");
	quote(j->why, meant_user);
	ca_buf_str(j->why, ", but the request is for ");
	quote(j->why, j->req->user);
	ca_buf_str(j->why, ". If that is right, say so by --user, or by "
			   "`user =' in ~/.config/certauth/config");
	return CA_DENIED;
}

/* ---- rule 3: the time ---- */

static enum ca_err
rule_time(const struct judging *j)
{
	uint64_t now = j->intent->now < 0 ? 0 : (uint64_t)j->intent->now;
	uint64_t at = j->req->issued_at;
	uint64_t apart = now > at ? now - at : at - now;

	if (apart <= (uint64_t)j->req->lifetime + CA_RULES_SKEW)
		return CA_OK;
	ca_buf_fmt(j->why,
	    "rule 3, the time: by your clock the request was "
	    "made %llu seconds %s, and may be %u at most. Log in anew; if that "
	    "does not help, compare the clocks here (`date -u`) and on the "
	    "host",
	    (unsigned long long)apart, now > at ? "ago" : "in the future",
	    (unsigned)j->req->lifetime + CA_RULES_SKEW);
	return CA_DENIED;
}

/* ---- rule 4: the host's proof ---- */

/* name without its final dot, if it is ASCII and of a host name's length */
static bool
ascii_name(const char *name, char out[256])
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' ||
		    (unsigned char)name[i] >= 0x7f)
			return false;
	memcpy(out, name, len);
	out[len] = '\0';
	return true;
}

bool
ca_rules_name_in_cert(X509 *cert, const char *name)
{
	unsigned char address[16];
	char plain[256];
	bool found;

	/* a leading dot would mean "any host below" to X509_check_host */
	if (!ascii_name(name, plain) || plain[0] == '.')
		return false;
	if (inet_pton(AF_INET, plain, address) == 1 ||
	    inet_pton(AF_INET6, plain, address) == 1)
		found = X509_check_ip_asc(cert, plain,
			    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) == 1;
	else
		found = X509_check_host(cert, plain, 0,
			    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
				X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
			    NULL) == 1;
	ERR_clear_error();
	return found;
}

/* "web1" is what the user meant, and full is "web1.example.com". */
static bool
short_of(const char *brief, const char *full)
{
	size_t len = strlen(brief);

	return len > 0 && strchr(brief, '.') == NULL &&
	       strncasecmp(brief, full, len) == 0 && full[len] == '.';
}

/*
 * A name in host_names stands in the certificate, and it is one that was
 * meant: a host of the same CA that merely lists its neighbour's name does
 * not pass for it.  A short name that was meant may stand in full.
 */
static enum ca_err
proof_names(const struct judging *j, X509 *leaf)
{
	const struct ca_request *req = j->req;

	for (size_t i = 0; i < req->nhost_names; i++) {
		if (!ca_rules_name_in_cert(leaf, req->host_name[i]))
			continue;
		for (size_t k = 0; k < req->nhost_names; k++)
			if (meant(j, req->host_name[k]) &&
			    (k == i ||
				short_of(req->host_name[k], req->host_name[i])))
				return CA_OK;
	}
	ca_buf_str(j->why,
	    "rule 4, the host's proof: none of the names that "
	    "you meant stands in the subjectAltName of the host's certificate; "
	    "the request names ");
	put_names(
	    j->why, (const char *const *)req->host_name, req->nhost_names);
	ca_buf_str(j->why, ". Log in by a name in the certificate, or name it "
			   "in trusted_hosts");
	return CA_DENIED;
}

static enum ca_err
decode_certs(const struct judging *j, X509 **leaf, STACK_OF(X509) * chain)
{
	const struct ca_proof_msgs *host = &j->req->host;
	enum ca_err rc;
	X509 *cert;

	for (size_t i = 0; i < host->ncerts; i++) {
		cert = NULL;
		if ((rc = ca_crypto_cert(j->crypto, host->cert[i].p,
			 host->cert[i].len, &cert)) != CA_OK)
			return rc;
		if (i == 0) {
			*leaf = cert; /* transferred */
		} else if (sk_X509_push(chain, cert) <= 0) {
			X509_free(cert);
			return CA_ERR_MEMORY;
		}
	}
	return *leaf != NULL ? CA_OK : CA_ERR_FORMAT;
}

/* RFC 8446 section 4.4.3: the host signs the request and its certificate. */
static enum ca_err
proof_signature(const struct judging *j, X509 *leaf)
{
	const struct ca_proof_msgs *host = &j->req->host;
	const struct ca_scheme *scheme = ca_scheme_by_code(host->scheme);
	const struct ca_bytes part[] = {j->req->request, host->certificate};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	EVP_PKEY *key = X509_get0_pubkey(leaf);
	enum ca_err rc;

	if (scheme == NULL || key == NULL)
		return CA_DENIED;
	if (host->context.len != CA_NONCE_LEN ||
	    memcmp(host->context.p, j->req->nonce, CA_NONCE_LEN) != 0)
		return CA_DENIED;
	if ((rc = ca_crypto_transcript(j->crypto, part, 2, hash)) != CA_OK)
		return rc;
	return ca_crypto_verify(j->crypto, scheme, key, tbs,
	    ca_signed_content(CA_SIGNER_HOST, hash, tbs), host->signature.p,
	    host->signature.len);
}

/* The engine of the module, set to judge a server by the host CAs. */
static enum ca_err
host_config(const struct judging *j, struct ca_config *cfg)
{
	const char *const pair[][2] = {
	    {"ca_dir", j->conf->host_ca},
	    {"purpose", "sslserver"},
	    {"crl", j->conf->host_crl != NULL ? "require" : "off"},
	    {"crl_dir", j->conf->host_crl},
	};
	enum ca_err rc;

	for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++)
		if (pair[i][1] != NULL &&
		    (rc = ca_config_set(cfg, pair[i][0], pair[i][1],
			 "client configuration", j->log)) != CA_OK)
			return rc;
	return CA_OK;
}

static enum ca_err
proof_chain(const struct judging *j, X509 *leaf, STACK_OF(X509) * chain)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_config *cfg = ca_config_new();
	struct ca_report *report = ca_report_new();
	const struct ca_verify_input in = {leaf, chain, j->intent->now};

	if (cfg == NULL || report == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = host_config(j, cfg)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_verify(j->crypto, cfg, j->log, &in, report, NULL);
	if (rc != CA_OK || !ca_report_granted(report, CA_REPORT_CERT)) {
		ca_buf_str(j->why, "rule 4, the host's proof: its certificate "
				   "is refused:\n");
		ca_report_text(report, CA_REPORT_CERT, j->why);
		ca_buf_fmt(j->why,
		    "Host CAs are looked for in %s (host_ca)%s%s",
		    j->conf->host_ca,
		    j->conf->host_crl != NULL ? ", their CRLs in " : "",
		    j->conf->host_crl != NULL ? j->conf->host_crl : "");
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	ca_report_free(report);
	ca_config_free(cfg);
	return ret;
}

static enum ca_err
proof_absent(const struct judging *j)
{
	if (!j->conf->require_host_proof)
		return CA_OK;
	ca_buf_str(j->why,
	    "rule 4, the host's proof: require_host_proof is "
	    "set, and the host does not prove itself. Its administrator can "
	    "set host_cert and host_key there");
	return CA_DENIED;
}

static enum ca_err
rule_proof(const struct judging *j)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	X509 *leaf = NULL;
	STACK_OF(X509) *chain = NULL;

	if (!j->req->host_proved)
		return proof_absent(j);
	if (j->conf->host_ca == NULL && j->conf->require_host_proof) {
		ca_buf_str(j->why,
		    "rule 4, the host's proof: "
		    "require_host_proof needs host_ca, the directory of the "
		    "CAs of hosts, in ~/.config/certauth/config");
		return CA_DENIED;
	}
	if ((chain = sk_X509_new_null()) == NULL)
		return CA_ERR_MEMORY;
	rc = decode_certs(j, &leaf, chain);
	if (rc == CA_OK)
		rc = proof_signature(j, leaf);
	if (rc != CA_OK) {
		ca_buf_fmt(j->why,
		    "rule 4, the host's proof: its certificate "
		    "or signature is wrong (%s). Tell the host's administrator",
		    ca_err_text(rc));
		ret = rc == CA_ERR_MEMORY ? rc : CA_DENIED;
		goto out;
	}
	/* without a CA to judge by, the name rule alone protects */
	if (j->conf->host_ca != NULL &&
	    ((rc = proof_chain(j, leaf, chain)) != CA_OK ||
		(rc = proof_names(j, leaf)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
	return ret;
}

enum ca_err
ca_rules_check(struct ca_crypto *crypto, const struct ca_client_conf *conf,
    const struct ca_intent *intent, const struct ca_request *req,
    const struct ca_log *log, int *rule, struct ca_buf *why)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct judging j = {crypto, conf, intent, req, log, why};
	enum ca_err (*const rules[])(const struct judging *) = {
	    rule_host, rule_user, rule_time, rule_proof};

	for (int i = 0; i < (int)(sizeof rules / sizeof rules[0]); i++)
		if ((rc = rules[i](&j)) != CA_OK) {
			if (rule != NULL)
				*rule = i + 1;
			if (why->len == 0)
				ca_buf_fmt(why, "rule %d cannot be judged: %s",
				    i + 1, ca_err_text(rc));
			ret = rc;
			goto out;
		}
	ret = CA_OK;
out:
	return ret;
}
