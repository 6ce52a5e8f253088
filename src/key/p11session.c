/*
 * A session with a token, and what the user is told about it.
 */
#include "key/p11.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool
ca_p11_present(const struct ca_p11_session *s)
{
	CK_SLOT_INFO slot;

	/* C_GetSessionInfo would cost the card a command */
	return s->token.f->C_GetSlotInfo(s->token.slot, &slot) == CKR_OK &&
	       (slot.flags & CKF_TOKEN_PRESENT) != 0;
}

/* Readers notice a card that was pulled after a while only. */
#define LOOKS 5
#define LOOK_NS 250000000L

static bool
is_there(const struct ca_p11_session *s)
{
	const struct ca_p11_token *t = &s->token;
	const struct timespec pause = {0, LOOK_NS};
	struct ca_p11_guard guard;
	struct ca_p11_token now;
	enum ca_err rc = CA_OK;
	CK_RV rv;

	ca_p11_guard_begin(&guard, t->name, CA_P11_SECONDS);
	for (int i = 0; i < LOOKS && rc == CA_OK; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		rc = ca_p11_token_read(t->f, t->slot, &now, &rv);
		if (rc == CA_OK && !ca_p11_same_token(&now.info, &t->info))
			rc = CA_ERR_NOT_FOUND;
		if (!t->removable)
			break;
	}
	ca_p11_guard_end(&guard);
	return rc == CA_OK;
}

enum ca_err
ca_p11_failed(const struct ca_p11_session *s, const char *what, CK_RV rv)
{
	const char *name = s->token.name;

	if (rv == CKR_HOST_MEMORY)
		return CA_ERR_MEMORY;
	if (rv == CKR_FUNCTION_CANCELED) {
		ca_p11_tell(s, "\"%-s\": the operation was cancelled.", name);
		return CA_ERR_CANCELLED;
	}
	/* many modules say only that something failed */
	if (!is_there(s)) {
		ca_p11_tell(s, "\"%-s\" was removed.", name);
		return CA_ERR_IO;
	}
	switch (rv) {
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_DEVICE_REMOVED:
	case CKR_DEVICE_ERROR:
	case CKR_SLOT_ID_INVALID:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
		/* it was inserted again, or its reader's service was started
		 * again */
		ca_p11_tell(s,
		    "Contact with \"%-s\" was lost during %-s; try again.",
		    name, what);
		return CA_ERR_IO;
	default:
		/* OpenSC says no more if pcscd was started again */
		if (s->token.removable &&
		    (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED))
			ca_p11_tell(s,
			    "Contact with \"%-s\" was lost during %-s (%-s); try "
			    "again.",
			    name, what, p11_kit_strerror(rv));
		else
			ca_p11_tell(s, "\"%-s\" failed during %-s: %-s.", name,
			    what, p11_kit_strerror(rv));
		return CA_ERR_CRYPTO;
	}
}

bool
ca_p11_same_token(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b)
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
		(void)CA_P11_CALL(CA_P11_SECONDS,
		    held->token.f->C_CloseSession(held->handle));
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
	ca_secret_free(held->pin);
	free(held);
}

static CK_RV
open_session(struct ca_p11_held *held)
{
	const struct ca_p11_token *t = &held->token;

	return CA_P11_CALL(
	    CA_P11_SECONDS, t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION,
				NULL, NULL, &held->handle));
}

CK_RV
ca_p11_held_open(struct ca_p11_held *held)
{
	CK_RV rv = open_session(held);

	if (rv != CKR_SESSION_COUNT)
		return rv;
	for (struct ca_p11_held *h = held->p11->held; h != NULL; h = h->next)
		if (h != held && h->token.f == held->token.f)
			ca_p11_held_close(h);
	return open_session(held);
}

void
ca_p11_held_leave(struct ca_p11 *p11, const CK_FUNCTION_LIST *f)
{
	struct ca_p11_held **at = &p11->held;

	while (*at != NULL) {
		struct ca_p11_held *held = *at;

		if (held->token.f != f) {
			at = &held->next;
			continue;
		}
		*at = held->next; /* the thread has it */
		p11->refs--;
	}
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
	held->logged_in = false;
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
	enum ca_err rc = ca_p11_token_read(listed->f, listed->slot, &now, &rv);
	if (rc == CA_OK && ca_p11_same_token(&now.info, &listed->info))
		rv = held_reopen(held);
	else
		rv = CKR_DEVICE_REMOVED;
	ca_p11_guard_end(&guard);
	if (rv != CKR_OK)
		return ca_p11_failed(s, N_("opening a session"), rv);
	s->token.info = now.info;
	s->handle = held->handle;
	s->fresh = true;
	return CA_OK;
}

void
ca_p11_session_close(struct ca_p11_session *s, struct ca_p11_held *held)
{
	close_guarded(held);
	held->logged_in = false;
	s->handle = CK_INVALID_HANDLE;
}
