#include "key/p11.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define PIN_MAX 255
#define ASK_MAX 10

/* ---- where a PIN comes from ---- */

/* RFC 7512 section 2.4: a file: URI, or a path.  "|program" is not run. */
static enum ca_err
pin_from_file(
    const struct ca_p11 *p11, const char *source, struct ca_secret **pin)
{
	struct ca_buf text = CA_BUF_INIT(PIN_MAX + 2);
	const char *path = source;
	enum ca_err rc;

	if (strncmp(path, "file:", 5) == 0)
		path += 5;
	if (strncmp(path, "///", 3) == 0)
		path += 2;
	if (path[0] != '/') {
		ca_log_err(&p11->log,
		    "pin-source=%s is not the absolute path "
		    "of a file",
		    source);
		return CA_ERR_USAGE;
	}
	rc = ca_file_read(AT_FDCWD, path, PIN_MAX + 2, &text);
	if (rc != CA_OK) {
		ca_log_err(
		    &p11->log, "pin-source=%s: %-s", source, ca_err_text(rc));
		ca_buf_free(&text);
		return rc;
	}
	while (text.len > 0 &&
	       (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		text.len--;
	*pin = ca_secret_new(text.p, text.len);
	ca_buf_free(&text);
	return *pin != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* The URI's own PIN; CA_OK with *pin NULL where it has none. */
static enum ca_err
pin_from_uri(const struct ca_p11 *p11, struct ca_secret **pin)
{
	const char *value, *source;

	*pin = NULL;
	if (p11->uri == NULL || p11->pin == CA_KEY_PIN_REQUIRED)
		return CA_OK;
	value = p11_kit_uri_get_pin_value(p11->uri);
	source = p11_kit_uri_get_pin_source(p11->uri);
	if (value != NULL) {
		*pin = ca_secret_new(value, strlen(value));
		return *pin != NULL ? CA_OK : CA_ERR_MEMORY;
	}
	return source != NULL ? pin_from_file(p11, source, pin) : CA_OK;
}

static enum ca_err
pin_from_user(const struct ca_p11_token *t, CK_USER_TYPE user_type,
    const struct ca_key_ui *ui, struct ca_secret **pin)
{
	char prompt[400];
	enum ca_err rc;

	if (ui == NULL || ui->ask == NULL)
		return CA_ERR_CANCELLED;
	(void)snprintf(prompt, sizeof prompt, "PIN for %s%s%s: ", t->name,
	    user_type == CKU_CONTEXT_SPECIFIC ? " (for this signature)" : "",
	    t->info.flags & CKF_USER_PIN_COUNT_LOW ? " (few tries left)" : "");
	rc = ui->ask(ui->ctx, prompt, pin);
	if (rc != CA_OK)
		return rc;
	if (*pin == NULL || ca_secret_len(*pin) == 0) {
		/* an empty PIN would only cost a try */
		ca_secret_free(*pin);
		*pin = NULL;
		return CA_ERR_CANCELLED;
	}
	return CA_OK;
}

/* ---- what state the PIN is in ---- */

/* Read the token's flags, unless they are fresh, and ask where the next try is
 * the last. */
static enum ca_err
check_tries(const struct ca_p11 *p11, struct ca_p11_token *t, bool fresh,
    const struct ca_key_ui *ui)
{
	char question[400];

	if (!fresh && t->f->C_GetTokenInfo(t->slot, &t->info) != CKR_OK)
		return ca_p11_failed(
		    p11, t, ui, "the login", CKR_TOKEN_NOT_PRESENT);
	if (t->info.flags & CKF_USER_PIN_LOCKED) {
		ca_p11_tell(p11, ui,
		    "The PIN of \"%s\" is locked after too "
		    "many wrong tries; unlock it with the PUK or have its "
		    "issuer do so.",
		    t->name);
		return CA_DENIED;
	}
	if ((t->info.flags & CKF_USER_PIN_FINAL_TRY) == 0)
		return CA_OK;
	(void)snprintf(question, sizeof question,
	    "This is the last try for "
	    "the PIN of \"%s\": a wrong one locks it. Try?",
	    t->name);
	if (ui == NULL || ui->confirm == NULL ||
	    ui->confirm(ui->ctx, question) != CA_OK) {
		ca_p11_tell(p11, ui,
		    "The PIN of \"%s\" was not tried, "
		    "because it would have been the last try.",
		    t->name);
		return CA_ERR_CANCELLED;
	}
	return CA_OK;
}

/* CA_OK: logged in; CA_DENIED: said, and over; CA_ERR_STALE: a wrong PIN, and
 * another may be tried. */
static enum ca_err
judge_login(const struct ca_p11 *p11, struct ca_p11_token *t,
    const struct ca_key_ui *ui, CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
	case CKR_USER_ALREADY_LOGGED_IN:
		return CA_OK;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		ca_p11_tell(p11, ui, "Wrong PIN for \"%s\".", t->name);
		return CA_ERR_STALE;
	case CKR_PIN_LOCKED:
		ca_p11_tell(p11, ui,
		    "The PIN of \"%s\" is locked now; unlock "
		    "it with the PUK or have its issuer do so.",
		    t->name);
		return CA_DENIED;
	case CKR_PIN_EXPIRED:
		ca_p11_tell(p11, ui,
		    "The PIN of \"%s\" has expired and must "
		    "be changed first.",
		    t->name);
		return CA_DENIED;
	case CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
		ca_p11_tell(p11, ui,
		    "\"%s\" has a login that cannot be ended, and so did "
		    "not look at the PIN; take the token out and put it in "
		    "again.",
		    t->name);
		return CA_DENIED;
	case CKR_USER_PIN_NOT_INITIALIZED:
		ca_p11_tell(p11, ui, "No PIN is set on \"%s\" yet.", t->name);
		return CA_DENIED;
	default:
		return ca_p11_failed(p11, t, ui, "the login", rv);
	}
}

static CK_RV
login_call(const struct ca_p11_token *t, CK_SESSION_HANDLE session,
    CK_USER_TYPE user_type, const struct ca_secret *pin)
{
	struct ca_p11_guard guard;
	unsigned char *bytes = NULL;
	CK_ULONG len = 0;

	if (pin != NULL) {
		/* PKCS#11 knows no const; the PIN is only read */
		bytes = (unsigned char *)(uintptr_t)ca_secret_get0(pin);
		len = ca_secret_len(pin);
	}
	ca_p11_guard_begin(&guard, t->name,
	    pin != NULL ? CA_P11_SECONDS : CA_P11_SECONDS_PERSON);
	CK_RV rv = t->f->C_Login(session, user_type, bytes, len);
	ca_p11_guard_end(&guard);
	return rv;
}

/* A login that is there already, of this process or of another that the module
 * does not tell apart, is no PIN: where one is required it is ended first. */
static CK_RV
login(const struct ca_p11 *p11, const struct ca_p11_token *t,
    CK_SESSION_HANDLE session, CK_USER_TYPE user_type,
    const struct ca_secret *pin)
{
	struct ca_p11_guard guard;
	CK_RV rv = login_call(t, session, user_type, pin);

	if (rv != CKR_USER_ALREADY_LOGGED_IN || user_type != CKU_USER ||
	    p11->pin == CA_KEY_PIN_WANTED)
		return rv;
	ca_p11_guard_begin(&guard, t->name, CA_P11_SECONDS);
	(void)t->f->C_Logout(session);
	ca_p11_guard_end(&guard);
	rv = login_call(t, session, user_type, pin);
	return rv != CKR_USER_ALREADY_LOGGED_IN
		   ? rv
		   : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
}

static enum ca_err
login_pinpad(const struct ca_p11 *p11, struct ca_p11_token *t, bool fresh,
    CK_SESSION_HANDLE session, CK_USER_TYPE user_type,
    const struct ca_key_ui *ui)
{
	enum ca_err rc = CA_ERR_STALE;

	/* the keypad's Cancel key ends this */
	for (int i = 0; i < ASK_MAX && rc == CA_ERR_STALE; i++) {
		rc = check_tries(p11, t, fresh && i == 0, ui);
		if (rc != CA_OK)
			return rc;
		ca_p11_tell(p11, ui,
		    "Enter the PIN of \"%s\" on its reader's "
		    "keypad%s.",
		    t->name,
		    t->info.flags & CKF_USER_PIN_COUNT_LOW ? " (few tries left)"
							   : "");
		rc = judge_login(
		    p11, t, ui, login(p11, t, session, user_type, NULL));
	}
	return rc == CA_ERR_STALE ? CA_DENIED : rc;
}

/* One PIN, tried once; it stays in *kept if it was right. */
static enum ca_err
try_pin(const struct ca_p11 *p11, struct ca_p11_token *t,
    CK_SESSION_HANDLE session, CK_USER_TYPE user_type,
    const struct ca_key_ui *ui, struct ca_secret *pin, struct ca_secret **kept)
{
	enum ca_err rc =
	    judge_login(p11, t, ui, login(p11, t, session, user_type, pin));

	if (rc == CA_OK)
		*kept = pin;
	else
		ca_secret_free(pin);
	return rc;
}

enum ca_err
ca_p11_login(const struct ca_p11 *p11, const struct ca_p11_token *token,
    bool fresh, CK_SESSION_HANDLE session, CK_USER_TYPE user_type,
    const struct ca_key_ui *ui, struct ca_secret **kept)
{
	struct ca_p11_token t = *token;
	struct ca_secret *pin = *kept;
	enum ca_err rc;

	*kept = NULL;
	if (t.info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) {
		ca_secret_free(pin);
		return login_pinpad(p11, &t, fresh, session, user_type, ui);
	}
	if (pin == NULL && (rc = pin_from_uri(p11, &pin)) != CA_OK)
		return rc;
	if (pin != NULL) {
		if ((rc = check_tries(p11, &t, fresh, ui)) != CA_OK) {
			ca_secret_free(pin);
			return rc;
		}
		rc = try_pin(p11, &t, session, user_type, ui, pin, kept);
		return rc == CA_ERR_STALE ? CA_DENIED : rc;
	}
	for (int i = 0; i < ASK_MAX; i++) {
		rc = check_tries(p11, &t, fresh && i == 0, ui);
		if (rc != CA_OK)
			return rc;
		if ((rc = pin_from_user(&t, user_type, ui, &pin)) != CA_OK)
			return i > 0 && rc == CA_ERR_CANCELLED ? CA_DENIED : rc;
		rc = try_pin(p11, &t, session, user_type, ui, pin, kept);
		if (rc != CA_ERR_STALE)
			return rc;
	}
	return CA_DENIED;
}
