#include "audit/logrecordint.h"

#include <stdlib.h>
#include <string.h>

static enum ca_err
read_syslog(struct ca_loglines *l, time_t before, ca_logrecord_visit *visit,
    void *ctx, struct ca_logrecord_state *state)
{
	struct ca_logrecord r;
	char *line;
	size_t len;
	enum ca_err rc = CA_OK;

	while (rc == CA_OK) {
		enum ca_err got = ca_loglines_next(l, &line, &len);

		state->used = l->ended;
		if (got == CA_ERR_LIMIT)
			continue; /* none of ours is so long */
		if (got != CA_OK && got != CA_ERR_TRUNCATED)
			return got == CA_ERR_NOT_FOUND ? CA_OK : got;
		if (got == CA_ERR_TRUNCATED && state->follow)
			return CA_OK;
		if (!ca_logrecord_ours(line, len))
			continue;
		if (ca_logsyslog_parse(line, len, before, &r) != CA_OK)
			state->damaged++;
		else
			rc = visit(ctx, &r);
	}
	return rc;
}

enum ca_err
ca_logrecord_read(int fd, time_t before, ca_logrecord_visit *visit, void *ctx,
    struct ca_logrecord_state *state)
{
	struct ca_loglines l = {.fd = fd, .block = malloc(CA_LOGLINES_BLOCK)};
	enum ca_err rc;

	if (l.block == NULL)
		return CA_ERR_MEMORY;
	rc = ca_loglines_begins(&l, "__CURSOR=")
		 ? ca_logexport_read(&l, visit, ctx, state)
		 : read_syslog(&l, before, visit, ctx, state);
	free(l.block);
	return rc;
}
