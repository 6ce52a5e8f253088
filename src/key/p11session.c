/*
 * A session with a token, and what the user is told about it.
 */
#include "key/p11.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
ca_p11_tell(const struct ca_p11_session *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	if (vsnprintf(text, sizeof text, fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (s->ui != NULL && s->ui->info != NULL)
		s->ui->info(s->ui->ctx, text);
	else
		ca_log_err(&s->p11->log, "%-s", text);
}

enum ca_err
ca_p11_failed(const struct ca_p11_session *s, const char *what, CK_RV rv)
{
	const char *name = s->token.name;

	switch (rv) {
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_DEVICE_REMOVED:
	case CKR_SLOT_ID_INVALID:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
		ca_p11_tell(s, "\"%s\" was removed.", name);
		return CA_ERR_IO;
	case CKR_FUNCTION_CANCELED:
		ca_p11_tell(s, "\"%s\": the operation was cancelled.", name);
		return CA_ERR_CANCELLED;
	case CKR_HOST_MEMORY:
		return CA_ERR_MEMORY;
	case CKR_DEVICE_ERROR:
		ca_p11_tell(s,
		    "\"%s\" failed during %s; it may have been removed.", name,
		    what);
		return CA_ERR_IO;
	default:
		ca_p11_tell(s, "\"%s\" failed during %s: %s.", name, what,
		    p11_kit_strerror(rv));
		return CA_ERR_CRYPTO;
	}
}

static bool
same_token(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b)
{
	return memcmp(a->label, b->label, sizeof a->label) == 0 &&
	       memcmp(a->serialNumber, b->serialNumber,
		   sizeof a->serialNumber) == 0;
}

enum ca_err
ca_p11_session_open(struct ca_p11_session *s, const struct ca_p11_token *listed)
{
	CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
	struct ca_p11_guard guard;
	struct ca_p11_token now;
	CK_RV rv = CKR_DEVICE_REMOVED;

	s->token = *listed;
	s->handle = CK_INVALID_HANDLE;
	ca_p11_guard_begin(&guard, listed->name, CA_P11_SECONDS);
	enum ca_err rc = ca_p11_token_read(listed->f, listed->slot, &now);
	if (rc == CA_OK)
		rv = now.f->C_OpenSession(
		    now.slot, CKF_SERIAL_SESSION, NULL, NULL, &handle);
	ca_p11_guard_end(&guard);
	s->handle = handle;
	if (rv == CKR_OK && !same_token(&now.info, &listed->info))
		rv = CKR_DEVICE_REMOVED;
	if (rv != CKR_OK)
		return ca_p11_failed(s, "opening a session", rv);
	now.ways = listed->ways;
	s->token = now;
	s->fresh = true;
	return CA_OK;
}

void
ca_p11_session_close(struct ca_p11_session *s)
{
	/* closing the last session logs out */
	if (s->handle != CK_INVALID_HANDLE)
		(void)s->token.f->C_CloseSession(s->handle);
	s->handle = CK_INVALID_HANDLE;
}
