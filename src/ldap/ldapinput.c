/*
 * Reading the answer of certauth-ldap, which is trusted no more than a server.
 */
#include "ldap/ldap.h"

#include <string.h>

#define LOGGED_MAX 20 /* refusals */

static enum ca_err
take_account(struct ca_ldap_input *in, const struct ca_reader *r)
{
	in->values = 0;
	return ca_ldap_maker_account(in->maker, (const char *)r->p, r->left);
}

static enum ca_err
take_value(struct ca_ldap_input *in, struct ca_reader *r)
{
	const uint8_t *key;
	uint8_t kind;

	if (++in->values > CA_LDAP_VALUES_MAX ||
	    ca_read_u8(r, &kind) != CA_OK ||
	    ca_read_bytes(r, CA_LDAP_KEY, &key) != CA_OK ||
	    ca_read_end(r) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_ldap_maker_value(in->maker, kind, key);
}

/* Text of a server or of an entry: quoted, so that it looks like no text of ours. */
static enum ca_err
take_text(struct ca_ldap_input *in, char type, const struct ca_reader *r)
{
	struct ca_buf text = CA_BUF_INIT(8 * CA_LDAP_TEXT_MAX);
	const char *t;

	if (r->left > CA_LDAP_TEXT_MAX)
		return CA_ERR_FORMAT;
	ca_buf_quote_names(&text, r->p, r->left);
	if ((t = ca_buf_text(&text)) == NULL)
		return ca_buf_err(&text);
	if (type == CA_LDAP_ERROR) {
		ca_log_err(in->log, "the directory cannot be read: %-s", t);
		in->ended = true;
	} else if (in->refused++ < LOGGED_MAX) {
		ca_log_warning(in->log, "not used: %-s", t);
	}
	ca_buf_free(&text);
	return CA_OK;
}

static enum ca_err
take_frame(struct ca_ldap_input *in, char type, struct ca_reader *r)
{
	enum ca_err rc;

	switch (type) {
	case CA_LDAP_ACCOUNT:
		return take_account(in, r);
	case CA_LDAP_VALUE:
		return take_value(in, r);
	case CA_LDAP_REFUSED:
	case CA_LDAP_ERROR:
		return take_text(in, type, r);
	case CA_LDAP_DONE:
		if ((rc = ca_ldap_sum_read(r, &in->sum)) == CA_OK)
			in->ended = in->complete = true;
		return rc;
	default:
		return CA_ERR_FORMAT;
	}
}

static enum ca_err
take_frames(struct ca_ldap_input *in)
{
	struct ca_reader r = ca_reader_of(in->buf, in->len), payload;
	enum ca_err rc = CA_OK;
	char type;

	while (r.left > 0) {
		if (in->ended)
			return CA_ERR_FORMAT;
		rc =
		    ca_ldap_frame_read(&r, CA_LDAP_ANSWER_MAX, &type, &payload);
		if (rc == CA_ERR_TRUNCATED)
			break;
		if (rc != CA_OK ||
		    (rc = take_frame(in, type, &payload)) != CA_OK)
			return rc;
	}
	memmove(in->buf, r.p, r.left);
	in->len = r.left;
	return CA_OK;
}

enum ca_err
ca_ldap_input_take(struct ca_ldap_input *in, const uint8_t *p, size_t len)
{
	enum ca_err rc = CA_OK;

	while (len > 0 && rc == CA_OK) {
		size_t n = sizeof in->buf - in->len;

		if (n > len)
			n = len;
		memcpy(in->buf + in->len, p, n);
		in->len += n;
		p += n;
		len -= n;
		rc = take_frames(in);
	}
	return rc;
}
