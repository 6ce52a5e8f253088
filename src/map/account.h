/*
 * Accounts of the system.  Private to this room.
 */
#ifndef CA_MAP_ACCOUNT_H
#define CA_MAP_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

struct ca_account {
	const char *name; /* borrowed */
	uid_t uid;
	char *home; /* to free() with ca_account_free */
	bool other; /* after CA_ERR_NOT_FOUND: found under another spelling */
};

/*
 * Uids that no person has: systemd assigns 61184 to 65519 to services while they
 * run, 65534 is `nobody' (the owner of files of unknown users), and 65535,
 * 4294967294 and 4294967295 mean nobody or no uid, in 16 and in 32 bits.
 */
bool ca_uid_reserved(uid_t uid);

/*
 * Check the login that a pattern gives, len bytes and a NUL after them.  local is how
 * many of them the star matched; a domain may follow (keep-domain).  The login
 * must be a person's account: not root, whatever the uid of root is; with a uid
 * from min_uid to max_uid that is not reserved.  CA_DENIED with *why, a static
 * phrase; CA_ERR_IO, CA_ERR_MEMORY, logged.
 */
CA_MUST_CHECK enum ca_err ca_derived_judge(const struct ca_config *cfg,
    const struct ca_log *log, const char *login, size_t len, size_t local,
    const char **why);

/*
 * Check an account that the directory gives, by its own name: it must exist, and be a
 * person's as above.  Results as ca_derived_judge.
 */
CA_MUST_CHECK enum ca_err ca_directory_judge(const struct ca_config *cfg,
    const struct ca_log *log, const char *name, const char **why);

/*
 * Find the account with exactly this name.  If the name service answers with
 * another spelling (case, domain), the account is not found.  CA_ERR_NOT_FOUND;
 * CA_ERR_IO: the name service failed (errno); CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_account_find(
    const char *name, struct ca_account *out);
void ca_account_free(struct ca_account *account);

/* The account that the name service finds by this name, in whatever spelling. */
struct ca_account_found {
	uid_t uid;
	char *own; /* the account's own name, to free() */
};

/* CA_ERR_NOT_FOUND; CA_ERR_IO: the name service failed (errno); CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_account_by(
    const char *name, struct ca_account_found *out);

/* NULL if a pattern or the directory may give an account with this uid, else the
 * reason why not, static. */
const char *ca_account_unfit(const struct ca_config *cfg, uid_t uid);

/* The user whom PAM names.  Begin with {name}. */
struct ca_account_user {
	const char *name; /* PAM_USER; borrowed; NULL: none */
	char *own;   /* the account's own spelling; NULL: as name, or unknown */
	bool looked; /* own has been looked up */
};

/*
 * Return true if login is the user: the name itself, or what getpwnam_r returns for
 * it as pw_name, if the account of that name has the same uid.  A name service that
 * ignores case, or adds a domain, finds an account under several names; the
 * application gets the same account by both.  The name service is asked only if the
 * names differ, and each name once.  If the name service
 * fails, this is logged, and only the name itself is the user.
 */
bool ca_account_is(
    struct ca_account_user *user, const char *login, const struct ca_log *log);

/* The account's own spelling if it is another, else NULL; asks as above. */
const char *ca_account_own(
    struct ca_account_user *user, const struct ca_log *log);
void ca_account_user_clear(struct ca_account_user *user);

#endif
