/*
 * Whether a token is here: what key/look.h says.
 */
#include "key/look.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/stream.h"
#include "key/p11.h"
#include "key/p11event.h"

#define CALL_SECONDS 10
#define REST_MS 1000
#define REST_EVENTS_MS 5000
/* The information of a token may cost the card a command, so that it is read after a
 * change, and else this often. */
#define WHOLE_MS 60000
#define SETTLE_MS 100 /* several changes come together */

struct ca_look {
	struct ca_p11 *p11;
	struct ca_p11_event *event; /* of each module */
	int wake[2];
	size_t at;       /* the module that has the token, or nmodules */
	CK_SLOT_ID slot; /* of that token */
	long long whole; /* when its information was read */
	bool told;       /* of a change since then */
};

enum ca_err
ca_look_check(const char *uri, const struct ca_log *log, struct ca_buf *name)
{
	P11KitUri *parsed = NULL;
	enum ca_err rc = ca_p11_uri(uri, log, &parsed);

	if (rc != CA_OK)
		return rc;
	const CK_UTF8CHAR *label = p11_kit_uri_get_token_info(parsed)->label;
	/* a label that is not named is NULs, and pads with blanks otherwise */
	if (label[0] != '\0')
		ca_buf_printable(name, label,
		    p11_kit_space_strlen(
			label, sizeof((CK_TOKEN_INFO *)NULL)->label));
	if (name->len == 0)
		ca_buf_str(name, uri);
	p11_kit_uri_free(parsed);
	return ca_buf_err(name);
}

/* ---- one module ---- */

/* The slots with a token.  To ask for their number first makes modules look for new
 * readers. */
static bool
list_slots(CK_FUNCTION_LIST *f, CK_SLOT_ID *slot, CK_ULONG *n)
{
	*n = 0;
	if (f->C_GetSlotList(CK_TRUE, NULL, n) != CKR_OK)
		return false;
	*n = CA_P11_SLOTS_MAX;
	return f->C_GetSlotList(CK_TRUE, slot, n) == CKR_OK &&
	       *n <= CA_P11_SLOTS_MAX;
}

/* The URI may name the slot and the library, too. */
static bool
slot_fits(const struct ca_look *l, CK_FUNCTION_LIST *f, CK_SLOT_ID slot)
{
	P11KitUri *uri = l->p11->uri;
	CK_SLOT_INFO info;
	CK_INFO library;

	return (p11_kit_uri_get_slot_id(uri) == (CK_SLOT_ID)-1 ||
		   p11_kit_uri_get_slot_id(uri) == slot) &&
	       f->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       p11_kit_uri_match_slot_info(uri, &info) != 0 &&
	       f->C_GetInfo(&library) == CKR_OK &&
	       p11_kit_uri_match_module_info(uri, &library) != 0;
}

static enum ca_look_at
look_at_slot(const struct ca_look *l, CK_FUNCTION_LIST *f, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	CK_RV rv = f->C_GetTokenInfo(slot, &info);

	if (rv == CKR_OK)
		return p11_kit_uri_match_token_info(l->p11->uri, &info) != 0 &&
			       slot_fits(l, f, slot)
			   ? CA_LOOK_PRESENT
			   : CA_LOOK_ABSENT;
	/* an empty slot, or a card that is not one of the module's */
	return rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_TOKEN_NOT_RECOGNIZED ||
		       rv == CKR_DEVICE_REMOVED || rv == CKR_SLOT_ID_INVALID
		   ? CA_LOOK_ABSENT
		   : CA_LOOK_UNKNOWN;
}

/* known: the token of l->slot need not be read again if a token is there.  *found: the
 * slot of the token. */
static enum ca_look_at
look_at_module(
    const struct ca_look *l, CK_FUNCTION_LIST *f, bool known, CK_SLOT_ID *found)
{
	enum ca_look_at one, all = CA_LOOK_ABSENT;
	CK_SLOT_ID slot[CA_P11_SLOTS_MAX];
	CK_ULONG n;

	if (!list_slots(f, slot, &n))
		return CA_LOOK_UNKNOWN;
	for (CK_ULONG i = 0; i < n; i++) {
		if (known && slot[i] != l->slot)
			continue;
		one = known ? CA_LOOK_PRESENT : look_at_slot(l, f, slot[i]);
		*found = slot[i];
		if (one == CA_LOOK_PRESENT)
			return one;
		if (one == CA_LOOK_UNKNOWN)
			all = one;
	}
	return all;
}

static enum ca_look_at
guarded(const struct ca_look *l, size_t i, bool known, CK_SLOT_ID *found)
{
	const struct ca_p11_module *m = &l->p11->module[i];
	struct ca_p11_guard guard;

	ca_p11_guard_begin(&guard, m->name, CALL_SECONDS);
	enum ca_look_at at = look_at_module(l, m->f, known, found);
	ca_p11_guard_end(&guard);
	return at;
}

/* ---- all modules ---- */

static enum ca_look_at
found_in(struct ca_look *l, size_t i, CK_SLOT_ID slot)
{
	l->at = i;
	l->slot = slot;
	l->told = false;
	l->whole = ca_stream_clock();
	return CA_LOOK_PRESENT;
}

/* The module that had the token decides that it is gone.  If none had it, each that
 * does not tell may have it. */
static enum ca_look_at
look_everywhere(struct ca_look *l)
{
	enum ca_look_at had = CA_LOOK_ABSENT, one, all = CA_LOOK_ABSENT;
	size_t ready = 0;
	CK_SLOT_ID slot;

	for (size_t i = 0; i < l->p11->nmodules; i++) {
		const struct ca_p11_module *m = &l->p11->module[i];

		if (!m->wanted)
			continue;
		one = CA_LOOK_UNKNOWN;
		if (m->state == CA_P11_READY) {
			one = guarded(l, i, false, &slot);
			ready++;
		}
		if (one == CA_LOOK_PRESENT)
			return found_in(l, i, slot);
		if (i == l->at)
			had = one;
		if (one == CA_LOOK_UNKNOWN)
			all = one;
	}
	if (l->at < l->p11->nmodules)
		return had;
	return ready > 0 ? all : CA_LOOK_UNKNOWN;
}

enum ca_look_at
ca_look_now(struct ca_look *l)
{
	const bool known = !l->told && l->at < l->p11->nmodules &&
			   ca_stream_clock() - l->whole < WHOLE_MS;
	CK_SLOT_ID slot;

	if (known && guarded(l, l->at, true, &slot) == CA_LOOK_PRESENT)
		return CA_LOOK_PRESENT;
	/* until it is found again, nothing is known of it */
	l->told = true;
	return look_everywhere(l);
}

/* Each module that may have the token tells of changes. */
static bool
all_wait(const struct ca_look *l)
{
	const bool here = l->at < l->p11->nmodules && !l->told;

	for (size_t i = 0; i < l->p11->nmodules; i++)
		if (l->p11->module[i].state == CA_P11_READY &&
		    (!here || i == l->at) && !atomic_load(&l->event[i].waits))
			return false;
	return true;
}

void
ca_look_wait(struct ca_look *l)
{
	const struct timespec settle = {0, SETTLE_MS * 1000000L};
	struct pollfd p = {.fd = l->wake[0], .events = POLLIN};
	char bytes[64];

	if (poll(&p, 1, all_wait(l) ? REST_EVENTS_MS : REST_MS) <= 0)
		return;
	(void)nanosleep(&settle, NULL);
	while (read(l->wake[0], bytes, sizeof bytes) > 0)
		continue;
	l->told = true;
}

/* ---- beginning ---- */

static void
begin_module(struct ca_look *l, size_t i, bool events)
{
	struct ca_p11_module *m = &l->p11->module[i];
	struct ca_p11_guard guard;

	if (!m->wanted)
		return;
	ca_p11_guard_begin(&guard, m->name, CALL_SECONDS);
	ca_p11_initialise(m);
	ca_p11_guard_end(&guard);
	if (m->state == CA_P11_READY && events)
		ca_p11_event_start(&l->event[i], m->f, l->wake[1]);
}

enum ca_err
ca_look_new(const char *uri, bool events, const struct ca_log *log,
    struct ca_look **out)
{
	struct ca_look *l = calloc(1, sizeof *l);
	enum ca_err rc;

	if (l == NULL)
		return CA_ERR_MEMORY;
	rc = ca_p11_load(uri, CA_KEY_PIN_REQUIRED, log, &l->p11);
	if (rc == CA_OK && pipe2(l->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		rc = CA_ERR_IO;
	if (rc == CA_OK &&
	    (l->event = calloc(l->p11->nmodules, sizeof *l->event)) == NULL)
		rc = CA_ERR_MEMORY;
	if (rc != CA_OK) {
		ca_p11_unref(l->p11);
		free(l);
		return rc;
	}
	l->at = l->p11->nmodules;
	for (size_t i = 0; i < l->p11->nmodules; i++)
		begin_module(l, i, events);
	*out = l;
	return CA_OK;
}
