/*
 * Certificates and their keys on tokens: the search through modules and slots.
 */
#include "key/p11scan.h"

#include <stdlib.h>

static bool
slot_wanted(const struct ca_p11_scan *s, CK_FUNCTION_LIST *f, CK_SLOT_ID slot)
{
	P11KitUri *uri = s->at.p11->uri;
	CK_SLOT_INFO info;

	if (uri == NULL)
		return true;
	if (p11_kit_uri_get_slot_id(uri) != (CK_SLOT_ID)-1 &&
	    p11_kit_uri_get_slot_id(uri) != slot)
		return false;
	return f->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       p11_kit_uri_match_slot_info(uri, &info) != 0;
}

/* If the token has a key, the session stays open for the signature. */
static enum ca_err
scan_token(struct ca_p11_scan *s)
{
	enum ca_err rc = CA_OK;

	if ((s->held = ca_p11_held_new(s->at.p11)) == NULL)
		return CA_ERR_MEMORY;
	s->held->token = s->at.token;
	if (ca_p11_held_open(s->held) == CKR_OK) {
		s->at.handle = s->held->handle;
		rc = ca_p11_scan_token(s);
	} else {
		ca_log_debug(&s->at.p11->log,
		    "%s is skipped: it opens no session", s->at.token.name);
	}
	if (s->held->refs == 1)
		ca_p11_held_close(s->held); /* no key; within this guard */
	ca_p11_held_unref(s->held);
	s->held = NULL;
	return rc;
}

static enum ca_err
scan_slot(struct ca_p11_scan *s, CK_FUNCTION_LIST *f, CK_SLOT_ID slot)
{
	const struct ca_log *log = &s->at.p11->log;

	if (!slot_wanted(s, f, slot))
		return CA_OK;
	if (ca_p11_token_read(f, slot, &s->at.token) != CA_OK) {
		ca_log_debug(
		    log, "slot %lu is skipped: its token cannot be read", slot);
		return CA_OK;
	}
	if (s->at.p11->uri != NULL &&
	    !p11_kit_uri_match_token_info(s->at.p11->uri, &s->at.token.info))
		return CA_OK;
	if ((s->at.token.info.flags & CKF_TOKEN_INITIALIZED) == 0) {
		ca_log_debug(log,
		    "slot %lu is skipped: its token is not initialised", slot);
		return CA_OK;
	}
	return scan_token(s);
}

static enum ca_err
scan_slots(struct ca_p11_scan *s, CK_FUNCTION_LIST *f)
{
	CK_SLOT_ID slot[CA_P11_SLOTS_MAX];
	CK_ULONG n = CA_P11_SLOTS_MAX;
	CK_INFO info;
	CK_RV rv;

	if (s->at.p11->uri != NULL &&
	    (f->C_GetInfo(&info) != CKR_OK ||
		!p11_kit_uri_match_module_info(s->at.p11->uri, &info)))
		return CA_OK;
	rv = f->C_GetSlotList(CK_TRUE, slot, &n);
	if (rv != CKR_OK || n > CA_P11_SLOTS_MAX) {
		ca_log_debug(&s->at.p11->log,
		    "a PKCS#11 module is skipped: it does not list its slots "
		    "(%-s)",
		    rv != CKR_OK ? p11_kit_strerror(rv) : "too many slots");
		return CA_OK;
	}
	for (CK_ULONG i = 0; i < n; i++) {
		enum ca_err rc = scan_slot(s, f, slot[i]);

		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

static enum ca_err
scan_module(struct ca_p11_scan *s, CK_FUNCTION_LIST *f)
{
	char *name = p11_kit_module_get_name(f);
	struct ca_p11_guard guard;

	ca_p11_guard_begin(
	    &guard, name != NULL ? name : "a module", CA_P11_SECONDS);
	enum ca_err rc = scan_slots(s, f);
	ca_p11_guard_end(&guard);
	free(name);
	return rc;
}

static enum ca_err
scan_modules(struct ca_crypto *crypto, const char *uri, enum ca_key_pin pin,
    X509 *given, const struct ca_log *log, struct ca_identities *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_p11_scan s = {.crypto = crypto, .out = out, .given = given};

	*out = (struct ca_identities){0};
	if ((rc = ca_p11_load(uri, pin, log, &s.at.p11)) != CA_OK) {
		ret = rc;
		goto out;
	}
	for (size_t i = 0; s.at.p11->module[i] != NULL; i++) {
		if ((rc = scan_module(&s, s.at.p11->module[i])) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if (out->n == 0) {
		ret = s.refused ? CA_DENIED : CA_ERR_NOT_FOUND;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_identities_free(out);
	ca_p11_unref(s.at.p11);
	return ret;
}

enum ca_err
ca_key_p11(struct ca_crypto *crypto, const char *uri, enum ca_key_pin pin,
    const struct ca_log *log, struct ca_identities *out)
{
	return scan_modules(crypto, uri, pin, NULL, log, out);
}

enum ca_err
ca_key_p11_for(struct ca_crypto *crypto, const char *uri, X509 *cert,
    const struct ca_log *log, struct ca_identities *out)
{
	return scan_modules(crypto, uri, CA_KEY_PIN_WANTED, cert, log, out);
}
