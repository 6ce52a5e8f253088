/*
 * Which signed passwords were used: the memory of the resident parent.  It reads nothing
 * of a client, but what a worker claims, which has a fixed length.
 */
#ifndef CA_VERIFIER_CLAIMS_H
#define CA_VERIFIER_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "auth/auth.h"
#include "base/err.h"
#include "base/reason.h"

/* Texts that are remembered: of all, of users other than root, of one such user, and of
 * one login that the processes of one user ask for: nobody's texts fill the place of others. */
#ifndef CA_CLAIMS_MAX
#define CA_CLAIMS_MAX 32768
#endif
#define CA_CLAIMS_OTHERS (CA_CLAIMS_MAX / 4 * 3)
#define CA_CLAIMS_USER (CA_CLAIMS_MAX / 4)
#define CA_CLAIMS_LOGIN (CA_CLAIMS_MAX / 16)
#define CA_CLAIMS_SECONDS 3600 /* lifetime, skew and window, at most each */

struct ca_claim_table;

struct ca_claims {
	struct ca_claim_table *table; /* NULL: nothing can be claimed */
	int fd;                       /* of a memfd that has it */
	bool made;                    /* a new memfd */
};

/*
 * Take over the table in the memfd fd, or make a new one if fd is -1 or has none: then
 * what was issued before now may have been used.  now: seconds since 1970.  The
 * table is absent from child processes.  CA_ERR_IO with errno; claims is then zeroed
 * but for fd -1.
 */
CA_MUST_CHECK enum ca_err ca_claims_open(
    struct ca_claims *claims, int fd, uint64_t now);

/*
 * Claim a use for the user id uid, which asks by a worker.  CA_R_OK; CA_R_REPLAYED,
 * CA_R_PASSWORD_EXPIRED, CA_R_RESTARTED, CA_R_CLAIMS_FULL; CA_R_NO_RESIDENT: there is
 * no table; CA_R_INTERNAL: the claim is none that a configuration makes.
 */
enum ca_reason ca_claims_take(const struct ca_claims *claims,
    const struct ca_claim *claim, uid_t uid, uint64_t now);

#endif
