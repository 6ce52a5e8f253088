/*
 * Certificates and their keys on the tokens of one module: the search through its
 * slots, in a thread of its own.
 */
#include "key/p11view.h"
#include "base/tr.h"

#include <string.h>

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
	return CA_P11_CALL(CA_P11_SECONDS_BEGIN,
		   f->C_GetSlotInfo(slot, &info)) == CKR_OK &&
	       p11_kit_uri_match_slot_info(uri, &info) != 0;
}

/* If the token has a key, the session stays open for the signature. */
static enum ca_err
scan_token(struct ca_p11_scan *s)
{
	enum ca_err rc = CA_OK;
	CK_RV rv;

	if ((s->held = ca_p11_held_new(s->at.p11)) == NULL)
		return CA_ERR_MEMORY;
	s->held->token = s->at.token;
	if ((rv = ca_p11_held_open(s->held)) == CKR_OK) {
		s->at.handle = s->held->handle;
		rc = ca_p11_scan_token(s);
	} else {
		ca_log_debug(&s->at.p11->log,
		    "%s is skipped: it opens no session", s->at.token.name);
		ca_buf_fmt(&s->found,
		    P_("%stoken \"%s\" (opens no session: %s)"),
		    s->found.len > 0 ? ", " : "", s->at.token.name,
		    P_(p11_kit_strerror(rv)));
		ca_p11_view_token(s, P_(p11_kit_strerror(rv)));
	}
	if (s->held->refs == 1)
		ca_p11_held_close(s->held); /* no key; within this limit */
	ca_p11_held_unref(s->held);
	s->held = NULL;
	return rc;
}

static void
skip_slot(struct ca_p11_scan *s, CK_SLOT_ID slot, const char *why)
{
	if (s->view != NULL)
		ca_p11_view_slot(s->view, s->module->f, slot, why);
	ca_log_debug(&s->at.p11->log, "slot %lu is skipped: %-s", slot, why);
	ca_buf_fmt(&s->found, P_("%sslot %lu (%s)"),
	    s->found.len > 0 ? ", " : "", slot, why);
}

static void
note_token(struct ca_p11_scan *s)
{
	P11KitUri *uri = s->at.p11->uri;
	const unsigned char *label = s->at.token.info.label;

	s->cards += s->at.token.removable;
	if (uri != NULL && memcmp(p11_kit_uri_get_token_info(uri)->label, label,
			       sizeof s->at.token.info.label) == 0)
		s->labels++;
}

static enum ca_err
scan_slot(struct ca_p11_scan *s, CK_FUNCTION_LIST *f, CK_SLOT_ID slot)
{
	CK_RV rv;

	if (!slot_wanted(s, f, slot)) {
		skip_slot(s, slot, P_("the URI names another slot"));
		return CA_OK;
	}
	if (ca_p11_token_read(f, slot, &s->at.token, &rv) != CA_OK) {
		skip_slot(s, slot, P_(p11_kit_strerror(rv)));
		return CA_OK;
	}
	note_token(s);
	if ((s->at.token.info.flags & CKF_TOKEN_INITIALIZED) == 0) {
		skip_slot(s, slot, P_("its token is not initialised"));
		return CA_OK;
	}
	if (s->at.p11->uri != NULL &&
	    !p11_kit_uri_match_token_info(s->at.p11->uri, &s->at.token.info)) {
		ca_buf_fmt(&s->found,
		    P_("%stoken \"%s\" (not named by the URI)"),
		    s->found.len > 0 ? ", " : "", s->at.token.name);
		ca_p11_view_token(s, P_("the URI names another token"));
		return CA_OK;
	}
	return scan_token(s);
}

static enum ca_err
scan_slots(struct ca_p11_scan *s)
{
	CK_FUNCTION_LIST *f = s->module->f;
	CK_SLOT_ID slot[CA_P11_SLOTS_MAX];
	CK_ULONG n = CA_P11_SLOTS_MAX;
	CK_INFO info;
	CK_RV rv;

	if (s->at.p11->uri != NULL &&
	    (CA_P11_CALL(CA_P11_SECONDS_BEGIN, f->C_GetInfo(&info)) != CKR_OK ||
		!p11_kit_uri_match_module_info(s->at.p11->uri, &info))) {
		ca_buf_str(&s->found, P_("the URI names another library"));
		return CA_OK;
	}
	if (s->view != NULL)
		ca_p11_view_library(s->view, f);
	rv = CA_P11_CALL(CA_P11_SECONDS_BEGIN,
	    f->C_GetSlotList(s->view != NULL ? CK_FALSE : CK_TRUE, slot, &n));
	if (rv != CKR_OK || n > CA_P11_SLOTS_MAX) {
		const char *why = rv != CKR_OK ? P_(p11_kit_strerror(rv))
					       : P_("too many slots");

		ca_log_debug(&s->at.p11->log,
		    "PKCS#11 module %s is skipped: it does not list its slots "
		    "(%-s)",
		    s->module->name, why);
		ca_buf_fmt(&s->found, P_("does not list its slots: %s"), why);
		return CA_OK;
	}
	for (CK_ULONG i = 0; i < n; i++) {
		enum ca_err rc = scan_slot(s, f, slot[i]);

		if (rc != CA_OK)
			return rc;
	}
	if (s->found.len == 0)
		ca_buf_str(&s->found, P_("no token"));
	return CA_OK;
}

void
ca_p11_scan_module(void *scan)
{
	struct ca_p11_scan *s = scan;

	ca_p11_initialise(s->module);
	s->rc = s->module->state == CA_P11_READY ? scan_slots(s) : CA_OK;
	if (s->module->state != CA_P11_READY)
		ca_log_debug(&s->at.p11->log, "PKCS#11 module %s skipped: %-s",
		    s->module->name, ca_buf_text(&s->module->found));
}
