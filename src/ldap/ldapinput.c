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

/* Text of an entry: quoted, so that it looks like no text of ours. */
static enum ca_err
take_refusal(struct ca_ldap_input *in, const struct ca_reader *r)
{
	struct ca_buf text = CA_BUF_INIT((size_t)8 * CA_LDAP_TEXT_MAX);
	const char *t;

	if (r->left > CA_LDAP_TEXT_MAX)
		return CA_ERR_FORMAT;
	ca_buf_quote_names(&text, r->p, r->left);
	if ((t = ca_buf_text(&text)) == NULL)
		return ca_buf_err(&text);
	if (in->refused++ < LOGGED_MAX)
		ca_log_warning(in->log, "not used: %-s", t);
	ca_buf_free(&text);
	return CA_OK;
}

/* Another server is asked only if this one has given nothing: accounts of two must not
 * be mixed. */
static enum ca_err
take_error(struct ca_ldap_input *in, char type, struct ca_reader *r)
{
	uint8_t cause;

	if (ca_read_u8(r, &cause) != CA_OK || cause >= CA_LDAP_CAUSES ||
	    r->left > sizeof in->text ||
	    (type == CA_LDAP_AWAY && in->step == CA_LDAP_STEP_SEARCH))
		return CA_ERR_FORMAT;
	in->cause = (enum ca_ldap_cause)cause;
	memcpy(in->text, r->p, r->left);
	in->textn = r->left;
	in->ended = true;
	in->away = type == CA_LDAP_AWAY;
	return CA_OK;
}

/* Steps go forwards alone. */
static enum ca_err
take_step(struct ca_ldap_input *in, struct ca_reader *r)
{
	uint8_t step;

	if (ca_read_u8(r, &step) != CA_OK || ca_read_end(r) != CA_OK ||
	    step >= CA_LDAP_STEPS || step <= (uint8_t)in->step)
		return CA_ERR_FORMAT;
	in->step = (enum ca_ldap_step)step;
	return CA_OK;
}

static enum ca_err
take_frame(struct ca_ldap_input *in, char type, struct ca_reader *r)
{
	enum ca_err rc;

	/* before the search, there is nothing but steps and errors */
	if (in->step != CA_LDAP_STEP_SEARCH && type != CA_LDAP_AT &&
	    type != CA_LDAP_AWAY && type != CA_LDAP_ERROR)
		return CA_ERR_FORMAT;
	switch (type) {
	case CA_LDAP_AT:
		return take_step(in, r);
	case CA_LDAP_ACCOUNT:
		return take_account(in, r);
	case CA_LDAP_VALUE:
		return take_value(in, r);
	case CA_LDAP_REFUSED:
		return take_refusal(in, r);
	case CA_LDAP_AWAY:
	case CA_LDAP_ERROR:
		return take_error(in, type, r);
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
