#include "verifier/claims.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	uint8_t content[CA_TRANSCRIPT_HASH_LEN];
	uint64_t issued_at, first; /* seconds since 1970 */
	uint64_t user, rhost;
	uint64_t uid, window;
};

/* A program that has another form begins anew. */
struct ca_claim_table {
	uint64_t form;
	uint64_t start; /* what was issued before may be forgotten */
	uint64_t seen;  /* the latest time: a clock that is set back revives
			 * nothing */
	uint64_t span;  /* seconds after its issue that a text is remembered:
			 * the longest that any claim asked for */
	uint64_t n;
	struct entry v[CA_CLAIMS_MAX];
};

#define FORM                                                                   \
	(0x6361636c00010000ULL + sizeof(struct entry) + CA_CLAIMS_MAX * 1024ULL)

/* How many there are of those that a bound counts together. */
struct count {
	uint64_t others, uid, user;
};

enum ca_err
ca_claims_open(struct ca_claims *claims, int fd, uint64_t now)
{
	const size_t size = sizeof(struct ca_claim_table);
	struct ca_claim_table *t;
	struct stat st;

	*claims = (struct ca_claims){NULL, -1, false};
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
			   st.st_size != (off_t)size)) {
		(void)close(fd);
		fd = -1;
	}
	const bool made = fd < 0;
	if (made && (fd = memfd_create("certauth-claims", MFD_CLOEXEC)) < 0)
		return CA_ERR_IO;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    ftruncate(fd, (off_t)size) != 0 ||
	    (t = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) ==
		MAP_FAILED) {
		(void)close(fd);
		return CA_ERR_IO;
	}
	/* a worker that was taken over must not forget a use */
	if (madvise(t, size, MADV_DONTFORK) != 0) {
		(void)munmap(t, size);
		(void)close(fd);
		return CA_ERR_IO;
	}
	if (t->form != FORM || t->n > CA_CLAIMS_MAX) {
		memset(t, 0, size);
		t->start = t->seen = now;
		t->form = FORM;
	}
	*claims = (struct ca_claims){t, fd, made};
	return CA_OK;
}

/* Forget what no longer matters, count, and find the text. */
static const struct entry *
look(struct ca_claim_table *t, const struct ca_claim *claim, uid_t uid,
    struct count *n)
{
	const struct entry *found = NULL;

	*n = (struct count){0, 0, 0};
	for (size_t i = 0; i < t->n;) {
		struct entry *e = &t->v[i];

		if (e->issued_at + t->span < t->seen) {
			*e = t->v[t->n - 1];
			t->n--;
			continue;
		}
		n->others += e->uid != 0;
		n->uid += e->uid == uid;
		n->user += e->uid == uid && e->user == claim->user;
		if (memcmp(e->content, claim->content, sizeof e->content) == 0)
			found = e;
		i++;
	}
	return found;
}

/* Texts that a shorter span has forgotten would be good again with a longer one. */
static void
set_span(struct ca_claim_table *t, const struct ca_claim *claim)
{
	const uint64_t span =
	    (uint64_t)claim->lifetime + claim->skew + (uint64_t)claim->window;

	if (span <= t->span)
		return;
	if (t->span > 0 && t->seen > t->span && t->seen - t->span > t->start)
		t->start = t->seen - t->span;
	t->span = span;
}

/* What was used once, for one use, is not used again after a change of the
 * configuration. */
static bool
is_open(const struct ca_claim_table *t, const struct entry *used,
    const struct ca_claim *claim)
{
	const uint64_t window =
	    claim->window < used->window ? claim->window : used->window;

	return window > 0 && used->rhost == claim->rhost &&
	       t->seen <= used->first + window;
}

static bool
has_room(const struct ca_claim_table *t, const struct count *n, uid_t uid)
{
	return t->n < CA_CLAIMS_MAX && n->user < CA_CLAIMS_LOGIN &&
	       (uid == 0 ||
		   (n->others < CA_CLAIMS_OTHERS && n->uid < CA_CLAIMS_USER));
}

enum ca_reason
ca_claims_take(const struct ca_claims *claims, const struct ca_claim *claim,
    uid_t uid, uint64_t now)
{
	struct ca_claim_table *t = claims->table;
	const struct entry *used;
	struct count n;

	if (t == NULL)
		return CA_R_NO_RESIDENT;
	if (claim->lifetime > CA_CLAIMS_SECONDS ||
	    claim->skew > CA_CLAIMS_SECONDS ||
	    claim->window > CA_CLAIMS_SECONDS || claim->issued_at > UINT32_MAX)
		return CA_R_INTERNAL;
	if (now > t->seen)
		t->seen = now;
	set_span(t, claim);
	if (claim->issued_at > t->seen + claim->skew)
		return CA_R_PASSWORD_EXPIRED;
	if (claim->issued_at <= t->start + claim->skew)
		return CA_R_RESTARTED;
	used = look(t, claim, uid, &n);
	if (used != NULL)
		return is_open(t, used, claim) ? CA_R_OK : CA_R_REPLAYED;
	if (t->seen > claim->issued_at + claim->lifetime)
		return CA_R_PASSWORD_EXPIRED;
	if (!has_room(t, &n, uid))
		return CA_R_CLAIMS_FULL;
	struct entry *e = &t->v[t->n];
	*e = (struct entry){.issued_at = claim->issued_at,
	    .first = t->seen,
	    .user = claim->user,
	    .rhost = claim->rhost,
	    .uid = uid,
	    .window = claim->window};
	memcpy(e->content, claim->content, sizeof e->content);
	t->n++;
	return CA_R_OK;
}
