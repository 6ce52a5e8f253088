/*
 * Whether the administrator names a login, whatever the certificate.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "map/map.h"
#include "map/users_file.h"

struct search {
	const char *login;
	bool found;
};

/* CA_ERR_CANCELLED ends the walk. */
static enum ca_err
is_it(void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	struct search *s = ctx;

	(void)line;
	s->found = !rule->pattern && !rule->refuses &&
		   strcmp(rule->login, s->login) == 0;
	return s->found ? CA_ERR_CANCELLED : CA_OK;
}

static enum ca_err
in_users_dir(const struct ca_context *ctx, const char *login)
{
	int dir = -1, fd = -1;
	enum ca_err rc =
	    ca_file_opendir(AT_FDCWD, ctx->cfg->users_dir, &dir, NULL);

	if (rc == CA_OK)
		rc = ca_file_opendir(dir, login, &fd, NULL);
	if (dir >= 0)
		(void)close(dir);
	if (fd >= 0)
		(void)close(fd);
	return rc == CA_ERR_NOT_FOUND ? CA_DENIED : rc;
}

enum ca_err
ca_map_names(const struct ca_context *ctx, const char *login)
{
	struct search s = {login, false};
	enum ca_err rc;

	if (!ca_login_valid(login, strlen(login)))
		return CA_DENIED;
	rc = ca_users_scan(ctx->cfg->users, 1, ctx->log, is_it, &s, NULL);
	if (s.found && rc == CA_ERR_CANCELLED)
		return CA_OK;
	if (rc != CA_OK && rc != CA_ERR_NOT_FOUND)
		return rc;
	return in_users_dir(ctx, login);
}
