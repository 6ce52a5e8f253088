/*
 * certauth-sign, when the module sends `hostsign': the proof of this
 * host by a key on a token.
 */
#include "sign/signhelper.h"

#include <openssl/x509.h>
#include <unistd.h>

#include "wire/message.h"

/* Exactly a CertificateRequest and a Certificate; nothing else is signed. */
static bool
is_transcript(const struct ca_buf *b)
{
	static const uint8_t types[] = {
	    CA_MSG_CERTIFICATE_REQUEST, CA_MSG_CERTIFICATE};
	struct ca_reader r = ca_reader_of(b->p, b->len), body;

	for (size_t i = 0; i < 2; i++) {
		uint8_t type = 0;

		if (ca_read_u8(&r, &type) != CA_OK || type != types[i] ||
		    ca_read_vector(&r, 3, 1, CA_REQUEST_MAX, &body) != CA_OK)
			return false;
	}
	return r.left == 0;
}

static struct ca_identity *
find_key(const struct ca_identities *ids, X509 *leaf)
{
	for (size_t i = 0; i < ids->n; i++)
		if (X509_cmp(ids->v[i]->leaf, leaf) == 0)
			return ids->v[i];
	return NULL;
}

static enum ca_err
sign(struct ca_crypto *crypto, struct ca_identity *id,
    const struct ca_buf *transcript, const struct ca_key_ui *ui,
    struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf sig = CA_BUF_INIT(CA_RESPONSE_MAX);
	const struct ca_bytes part = {transcript->p, transcript->len};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	const struct ca_scheme *s = NULL, *at;

	if ((rc = ca_crypto_transcript(crypto, &part, 1, hash)) != CA_OK) {
		ret = rc;
		goto out;
	}
	const size_t len = ca_signed_content(CA_SIGNER_HOST, hash, tbs);
	do {
		rc = CA_ERR_UNSUPPORTED;
		for (size_t i = 0;
		     rc == CA_ERR_UNSUPPORTED && (at = ca_scheme_at(i)) != NULL;
		     i++) {
			if (!ca_key_can(id->key, at))
				continue;
			s = at;
			rc = ca_key_sign(id->key, s, tbs, len, ui, &sig);
		}
	} while (ca_key_end(id->key, rc));
	if (rc != CA_OK || (rc = ca_certificate_verify_write(
				out, s->code, sig.p, sig.len)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&sig);
	return ret;
}

enum ca_err
ca_sign_as_host(struct ca_crypto *crypto, const char *uri, X509 *leaf,
    const struct ca_buf *transcript, struct ca_helper_talk *talk,
    const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_key_ui ui = ca_helper_talk_ui(talk);
	struct ca_buf verify = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf line = CA_BUF_INIT(CA_HELPER_LINE_MAX);
	struct ca_identities ids = {0};
	struct ca_identity *id;

	if (uri == NULL || leaf == NULL || !is_transcript(transcript)) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	struct ca_key_search search = {.uri = uri,
	    .pin = CA_KEY_PIN_WANTED,
	    .ui = &ui,
	    .log = log,
	    .final = true};
	if ((rc = ca_key_p11(crypto, &search, &ids)) != CA_OK) {
		if (search.why[0] != '\0')
			ca_log_err(log,
			    "no token has the key of host_cert: %-s",
			    search.why);
		ret = rc;
		goto out;
	}
	if ((id = find_key(&ids, leaf)) == NULL) {
		ca_log_err(log, "no token has the key of host_cert");
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	if ((rc = sign(crypto, id, transcript, &ui, &verify)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_helper_put_bytes(&line, CA_HELPER_RESPONSE, verify.p, verify.len);
	if ((rc = ca_helper_send(STDOUT_FILENO, &line)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_identities_free(&ids);
	ca_buf_free(&verify);
	ca_buf_free(&line);
	return ret;
}
