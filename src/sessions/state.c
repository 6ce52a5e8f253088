/*
 * What the checks before this one found of a session, beside its record: a line
 * REASON DONE SINCE in ID.state.
 */
#include "sessions/sessionsint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES (CA_SESSION_ID + sizeof ".state")
#define LINE_BYTES 128

static void
name_of(const char *id, char name[NAME_BYTES])
{
	(void)stpcpy(stpcpy(name, id), ".state");
}

/* A number at *at, and nothing but end behind it. */
static bool
take_number(char **at, char end, uint64_t *out)
{
	char *behind;

	errno = 0;
	*out = strtoull(*at, &behind, 10);
	if (errno != 0 || behind == *at || *behind != end)
		return false;
	*at = behind + 1;
	return true;
}

static bool
take_line(char *line, struct ca_sessions_state *out)
{
	char *at = strchr(line, ' ');
	uint64_t done;

	if (at == NULL)
		return false;
	*at++ = '\0';
	if (!take_number(&at, ' ', &done) || done > 1 + CA_ON_END ||
	    !take_number(&at, '\n', &out->since))
		return false;
	out->done = (unsigned)done;
	for (int r = 0; r < CA_REASON_COUNT; r++) {
		out->reason = (enum ca_reason)r;
		if (strcmp(line, ca_reason_code(out->reason)) == 0)
			return true;
	}
	return false;
}

struct ca_sessions_state
ca_sessions_state_read(int folder, const char *id)
{
	struct ca_sessions_state none = {.reason = CA_R_NONE}, found = none;
	char name[NAME_BYTES], line[LINE_BYTES];
	ssize_t n;
	int fd;

	name_of(id, name);
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return none;
	n = read(fd, line, sizeof line - 1);
	(void)close(fd);
	if (n <= 0)
		return none;
	line[n] = '\0';
	return take_line(line, &found) ? found : none;
}

void
ca_sessions_state_write(const struct ca_sessions *all, const char *id,
    const struct ca_sessions_state *state)
{
	char name[NAME_BYTES], line[LINE_BYTES];
	bool ok;
	int fd;

	name_of(id, name);
	if (state->reason == CA_R_NONE || state->reason == CA_R_OK) {
		(void)unlinkat(all->folder, name, 0);
		return;
	}
	(void)snprintf(line, sizeof line, "%s %u %llu\n",
	    ca_reason_code(state->reason), state->done,
	    (unsigned long long)state->since);
	fd = openat(all->folder, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ok = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	if (!ok)
		ca_log_err(&all->log,
		    "%s/%s: %m; the next check begins anew with session %s",
		    CA_SESSION_DIR "/" CA_SESSION_SESSIONS, name, id);
	if (fd >= 0)
		(void)close(fd);
	if (!ok)
		(void)unlinkat(all->folder, name, 0);
}
