/*
 * The login to a token: where the PIN comes from, how often it is asked for,
 * and what each answer of the token means.
 */
#include "base/tr.h"
#include "key/p11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MAX 10

/* ---- the question for a PIN ---- */

/*
 * What a question needs and has no place for: a greeter shows one field with a few
 * words.  Some show only the last line before the field, so the line that matters
 * most is the last.  PKCS#11 has no number of tries, only a flag, which says that a
 * wrong PIN was entered since the last right one, and one of the last try.
 */
static void
tell_state(const struct ca_p11_session *s)
{
	char line[512];

	if (s->looking) {
		(void)snprintf(line, sizeof line,
		    _("\"%s\" shows no certificate without its PIN."),
		    s->token.name);
		s->ui->note(s->ui->ctx, line);
	}
	if ((s->token.info.flags & CKF_USER_PIN_COUNT_LOW) == 0)
		return;
	(void)snprintf(line, sizeof line,
	    _("A wrong PIN for \"%s\" was entered before."), s->token.name);
	s->ui->note(s->ui->ctx, line);
}

/* again: the user was just told that a PIN was wrong. */
static enum ca_err
pin_from_user(const struct ca_p11_session *s, CK_USER_TYPE user_type,
    bool again, struct ca_secret **pin)
{
	char prompt[512];
	enum ca_err rc;

	if (s->ui == NULL || s->ui->ask == NULL)
		return CA_ERR_CANCELLED;
	if (!again)
		tell_state(s);
	(void)snprintf(prompt, sizeof prompt,
	    user_type == CKU_CONTEXT_SPECIFIC
		? _("PIN for %s (for this signature): ")
		: _("PIN for %s: "),
	    s->token.name);
	rc = s->ui->ask(s->ui->ctx, prompt, false, pin);
	/* an empty PIN would only cost a try */
	if (rc == CA_OK && (*pin == NULL || ca_secret_len(*pin) == 0)) {
		ca_secret_free(*pin);
		*pin = NULL;
		rc = CA_ERR_CANCELLED;
	}
	if (rc == CA_ERR_CANCELLED)
		ca_log_warning(&s->p11->log,
		    "no PIN was entered for %s, so nothing was signed",
		    s->token.name);
	return rc;
}

/* ---- what state the PIN is in ---- */

/* Is the token a TPM?  A TPM has one count of wrong tries, and no PUK. */
static bool
is_tpm(const struct ca_p11_session *s)
{
	CK_INFO info;
	char text[sizeof info.libraryDescription + 1] = "";
	struct ca_p11_guard guard;

	ca_p11_guard_begin(&guard, s->token.name, CA_P11_SECONDS);
	CK_RV rv = s->token.f->C_GetInfo(&info);
	ca_p11_guard_end(&guard);
	if (rv != CKR_OK)
		return false;
	memcpy(text, info.libraryDescription, sizeof info.libraryDescription);
	return strcasestr(text, "tpm") != NULL;
}

static enum ca_err
tell_locked(const struct ca_p11_session *s)
{
	if (is_tpm(s))
		ca_p11_tell(s,
		    "The TPM of \"%-s\" takes no PIN now, after too many wrong "
		    "tries (lockout). Wait until it has recovered (run: "
		    "tpm2_getcap properties-variable), or let the "
		    "administrator run: tpm2_dictionarylockout "
		    "--clear-lockout",
		    s->token.name);
	else
		ca_p11_tell(s,
		    "The PIN of \"%-s\" is locked after too many wrong tries. "
		    "Unlock it with the PUK, or ask the issuer of the token to "
		    "unlock it.",
		    s->token.name);
	return CA_DENIED;
}

/* Read the token's information again, in the caller's guard; false: it is not that of
 * the same token. */
static bool
reread(struct ca_p11_session *s)
{
	CK_TOKEN_INFO now;

	if (s->token.f->C_GetTokenInfo(s->token.slot, &now) != CKR_OK ||
	    !ca_p11_same_token(&now, &s->token.info))
		return false;
	s->token.info = now;
	return true;
}

/* Read the token's flags, unless they are fresh; the token must still be there. */
static enum ca_err
read_flags(struct ca_p11_session *s)
{
	struct ca_p11_guard guard;

	ca_p11_guard_begin(&guard, s->token.name, CA_P11_SECONDS);
	bool present = ca_p11_present(s) && (s->fresh || reread(s));
	ca_p11_guard_end(&guard);
	s->fresh = false;
	if (!present)
		return ca_p11_failed(s, N_("the login"), CKR_TOKEN_NOT_PRESENT);
	return CA_OK;
}

/* If the next try is the last one, ask the user whether to use it. */
static enum ca_err
check_tries(struct ca_p11_session *s)
{
	const char *name = s->token.name;
	char question[512];
	enum ca_err rc;

	if ((rc = read_flags(s)) != CA_OK)
		return rc;
	if (s->token.info.flags & CKF_USER_PIN_LOCKED)
		return tell_locked(s);
	if ((s->token.info.flags & CKF_USER_PIN_FINAL_TRY) == 0)
		return CA_OK;
	(void)snprintf(question, sizeof question,
	    _("This is the last try: a wrong PIN locks \"%s\"."), name);
	if (s->ui != NULL && s->ui->note != NULL)
		s->ui->note(s->ui->ctx, question);
	(void)snprintf(question, sizeof question,
	    _("Use the last try for the PIN of \"%s\"?"), name);
	if (ca_key_confirm(s->ui, question) != CA_OK) {
		ca_p11_tell(s,
		    "The PIN of \"%-s\" was not tried, because it would have "
		    "been the last try.",
		    name);
		return CA_ERR_CANCELLED;
	}
	return CA_OK;
}

/* Say that the PIN was wrong, and what the token tells about the tries that
 * are left. */
static void
tell_wrong_pin(struct ca_p11_session *s)
{
	const CK_TOKEN_INFO *info = &s->token.info;
	const char *left = "";
	struct ca_p11_guard guard;

	ca_p11_guard_begin(&guard, s->token.name, CA_P11_SECONDS);
	s->fresh = reread(s);
	ca_p11_guard_end(&guard);
	if (s->fresh && (info->flags & CKF_USER_PIN_LOCKED) != 0)
		left = N_(" No try is left: the PIN is locked now.");
	else if (s->fresh && (info->flags & CKF_USER_PIN_FINAL_TRY) != 0)
		left = N_(" One try is left.");
	ca_p11_tell(s, "Wrong PIN for \"%-s\".%-s", s->token.name, left);
}

/* The module has not sent such a PIN to the token: no try is used. */
static void
tell_length(const struct ca_p11_session *s)
{
	const CK_TOKEN_INFO *info = &s->token.info;

	if (info->ulMaxPinLen >= info->ulMinPinLen && info->ulMaxPinLen > 0 &&
	    info->ulMaxPinLen <= CA_P11_PIN_MAX)
		ca_p11_tell(s,
		    "The PIN of \"%-s\" has %lu to %lu characters; what was "
		    "entered has another length, or other characters.",
		    s->token.name, info->ulMinPinLen, info->ulMaxPinLen);
	else
		ca_p11_tell(s,
		    "What was entered cannot be the PIN of \"%-s\": its length "
		    "or its characters do not fit.",
		    s->token.name);
}

/* CA_OK: logged in; CA_ERR_PIN: wrong PIN, and another may be tried; CA_DENIED:
 * no further try is possible.  The user was told. */
static enum ca_err
judge_login(struct ca_p11_session *s, CK_RV rv)
{
	const char *name = s->token.name;

	switch (rv) {
	case CKR_OK:
	case CKR_USER_ALREADY_LOGGED_IN:
		return CA_OK;
	case CKR_PIN_INCORRECT:
	case CKR_USER_NOT_LOGGED_IN: /* OpenSC, of an OpenPGP card's 6982 */
		tell_wrong_pin(s);
		return CA_ERR_PIN;
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		tell_length(s);
		return CA_ERR_PIN;
	case CKR_PIN_LOCKED:
		return tell_locked(s);
	case CKR_PIN_EXPIRED:
		ca_p11_tell(s,
		    "The PIN of \"%-s\" has expired; change the PIN first.",
		    name);
		return CA_DENIED;
	case CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
		ca_p11_tell(s,
		    "\"%-s\" did not check the PIN, because another login to it "
		    "is open and cannot be closed. Remove the token and insert "
		    "it again.",
		    name);
		return CA_DENIED;
	case CKR_USER_PIN_NOT_INITIALIZED:
		ca_p11_tell(s, "No PIN is set on \"%-s\" yet.", name);
		return CA_DENIED;
	default:
		return ca_p11_failed(s, N_("the login"), rv);
	}
}

/* ---- the login ---- */

static CK_RV
login_call(const struct ca_p11_session *s, CK_USER_TYPE user_type,
    const struct ca_secret *pin)
{
	struct ca_p11_guard guard;
	unsigned char *bytes = NULL;
	CK_ULONG len = 0;

	if (pin != NULL) {
		/* PKCS#11 knows no const; the PIN is only read */
		bytes = (unsigned char *)(uintptr_t)ca_secret_get0(pin);
		len = ca_secret_len(pin);
	}
	ca_p11_guard_begin(&guard, s->token.name,
	    pin != NULL ? CA_P11_SECONDS : CA_P11_SECONDS_PERSON);
	CK_RV rv = s->token.f->C_Login(s->handle, user_type, bytes, len);
	ca_p11_guard_end(&guard);
	return rv;
}

/* A login that is open already, by this process or by another that the module
 * does not tell apart, proves no PIN: if a PIN is required, that login is
 * closed first. */
static CK_RV
login(const struct ca_p11_session *s, CK_USER_TYPE user_type,
    const struct ca_secret *pin)
{
	struct ca_p11_guard guard;
	CK_RV rv = login_call(s, user_type, pin);

	if (rv != CKR_USER_ALREADY_LOGGED_IN || user_type != CKU_USER ||
	    s->p11->pin == CA_KEY_PIN_WANTED)
		return rv;
	ca_p11_guard_begin(&guard, s->token.name, CA_P11_SECONDS);
	(void)s->token.f->C_Logout(s->handle);
	ca_p11_guard_end(&guard);
	rv = login_call(s, user_type, pin);
	return rv != CKR_USER_ALREADY_LOGGED_IN
		   ? rv
		   : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
}

static enum ca_err
login_pinpad(struct ca_p11_session *s, CK_USER_TYPE user_type)
{
	char text[512];
	enum ca_err rc = CA_ERR_PIN;

	/* the keypad's Cancel key ends this */
	for (int i = 0; i < ASK_MAX && rc == CA_ERR_PIN; i++) {
		if ((rc = check_tries(s)) != CA_OK)
			return rc;
		(void)snprintf(text, sizeof text,
		    _("Enter the PIN of \"%s\" on its reader's keypad."),
		    s->token.name);
		if (s->ui != NULL && s->ui->info != NULL) {
			if (i == 0)
				tell_state(s);
			s->ui->info(s->ui->ctx, text);
		}
		rc = judge_login(s, login(s, user_type, NULL));
	}
	return rc;
}

/*
 * An application with one field gives each question the same answer (i3lock and
 * swaylock do).  A PIN that was refused is not sent again: each time costs a try.
 */
static bool
was_refused(const struct ca_p11_session *s, const struct ca_secret *pin,
    const struct ca_secret *refused)
{
	size_t len = ca_secret_len(pin);

	if (refused == NULL || ca_secret_len(refused) != len ||
	    memcmp(ca_secret_get0(pin), ca_secret_get0(refused), len) != 0)
		return false;
	ca_p11_tell(s,
	    "The same wrong PIN for \"%-s\" was entered again. It was not sent to "
	    "the token, so no further try is used.",
	    s->token.name);
	return true;
}

/* refused, which may be NULL, is taken: the token has refused it. */
static enum ca_err
login_asking(struct ca_p11_session *s, CK_USER_TYPE user_type,
    struct ca_secret *refused, struct ca_secret **kept)
{
	const int max = s->looking ? 1 : ASK_MAX;
	enum ca_err rc = CA_ERR_PIN;
	bool over = false;

	for (int i = 0; i < max && rc == CA_ERR_PIN && !over; i++) {
		struct ca_secret *pin = NULL;

		if ((rc = check_tries(s)) != CA_OK)
			break;
		rc = pin_from_user(s, user_type, refused != NULL, &pin);
		/* the user stopped after a wrong PIN: that is the reason */
		over = rc == CA_OK ? was_refused(s, pin, refused)
				   : i > 0 && rc == CA_ERR_CANCELLED;
		if (over)
			rc = CA_ERR_PIN;
		else if (rc == CA_OK)
			rc = judge_login(s, login(s, user_type, pin));
		if (rc == CA_OK) {
			*kept = pin;
			break;
		}
		ca_secret_free(refused);
		refused = pin; /* transferred */
	}
	ca_secret_free(refused);
	return rc;
}

enum ca_err
ca_p11_login(
    struct ca_p11_session *s, CK_USER_TYPE user_type, struct ca_secret **kept)
{
	struct ca_secret *pin = *kept;
	const bool accepted = pin != NULL;
	enum ca_err rc;

	*kept = NULL;
	if (s->token.info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) {
		ca_secret_free(pin);
		return login_pinpad(s, user_type);
	}
	if (pin == NULL && (rc = ca_p11_uri_pin(s->p11, &pin)) != CA_OK)
		return rc;
	if (pin == NULL)
		return login_asking(s, user_type, NULL, kept);
	if ((rc = check_tries(s)) == CA_OK)
		rc = judge_login(s, login(s, user_type, pin));
	/* a card may have a PIN of its own for signatures */
	if (rc == CA_ERR_PIN && accepted && user_type == CKU_CONTEXT_SPECIFIC)
		return login_asking(s, user_type, pin, kept);
	if (rc == CA_OK)
		*kept = pin;
	else
		ca_secret_free(pin);
	return rc;
}
