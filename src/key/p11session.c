/*
 * A session with a token, and what the user is told about it.
 */
#include "key/p11.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- held tokens ---- */

struct ca_p11_held *
ca_p11_held_new(struct ca_p11 *p11)
{
	struct ca_p11_held *held = calloc(1, sizeof *held);

	if (held == NULL)
		return NULL;
	held->refs = 1;
	held->handle = CK_INVALID_HANDLE;
	held->p11 = ca_p11_ref(p11);
	held->next = p11->held;
	p11->held = held;
	return held;
}

struct ca_p11_held *
ca_p11_held_ref(struct ca_p11_held *held)
{
	held->refs++;
	return held;
}

void
ca_p11_held_close(struct ca_p11_held *held)
{
	/* after a fork the session belongs to the parent */
	if (held->handle != CK_INVALID_HANDLE && held->p11->pid == getpid())
		(void)held->token.f->C_CloseSession(held->handle);
	held->handle = CK_INVALID_HANDLE;
}

static void
close_guarded(struct ca_p11_held *held)
{
	struct ca_p11_guard guard;

	if (held->handle == CK_INVALID_HANDLE)
		return;
	ca_p11_guard_begin(&guard, held->token.name, CA_P11_SECONDS);
	ca_p11_held_close(held);
	ca_p11_guard_end(&guard);
}

void
ca_p11_held_unref(struct ca_p11_held *held)
{
	if (held == NULL || --held->refs > 0)
		return;
	close_guarded(held);
	struct ca_p11_held **at = &held->p11->held;
	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
	ca_p11_unref(held->p11);
	free(held);
}

CK_RV
ca_p11_held_open(struct ca_p11_held *held)
{
	const struct ca_p11_token *t = &held->token;
	CK_RV rv = t->f->C_OpenSession(
	    t->slot, CKF_SERIAL_SESSION, NULL, NULL, &held->handle);

	if (rv != CKR_SESSION_COUNT)
		return rv;
	for (struct ca_p11_held *h = held->p11->held; h != NULL; h = h->next)
		if (h != held && h->token.f == t->f)
			ca_p11_held_close(h);
	return t->f->C_OpenSession(
	    t->slot, CKF_SERIAL_SESSION, NULL, NULL, &held->handle);
}

/* A session ends when its token is removed, also if the token is inserted
 * again. */
static CK_RV
held_reopen(struct ca_p11_held *held)
{
	CK_SESSION_INFO info;

	if (held->handle != CK_INVALID_HANDLE &&
	    held->token.f->C_GetSessionInfo(held->handle, &info) == CKR_OK)
		return CKR_OK;
	ca_p11_held_close(held);
	return ca_p11_held_open(held);
}

/* ---- the session for a signature ---- */

enum ca_err
ca_p11_session_open(struct ca_p11_session *s, struct ca_p11_held *held)
{
	const struct ca_p11_token *listed = &held->token;
	struct ca_p11_guard guard;
	struct ca_p11_token now;
	CK_RV rv = CKR_DEVICE_REMOVED;

	s->token = *listed;
	s->handle = CK_INVALID_HANDLE;
	ca_p11_guard_begin(&guard, listed->name, CA_P11_SECONDS);
	enum ca_err rc = ca_p11_token_read(listed->f, listed->slot, &now);
	if (rc == CA_OK && same_token(&now.info, &listed->info))
		rv = held_reopen(held);
	ca_p11_guard_end(&guard);
	if (rv != CKR_OK)
		return ca_p11_failed(s, "opening a session", rv);
	now.ways = listed->ways;
	s->token = now;
	s->handle = held->handle;
	s->fresh = true;
	return CA_OK;
}

void
ca_p11_session_close(struct ca_p11_session *s, struct ca_p11_held *held)
{
	close_guarded(held);
	s->handle = CK_INVALID_HANDLE;
}
