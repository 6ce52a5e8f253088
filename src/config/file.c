/*
 * certauth.conf, read by libinih.
 *
 * What libinih takes in silence, the reader here refuses before libinih sees
 * it: a line longer than its buffer (it would be cut, and its rest dropped or
 * read as another line), a section name over 49 bytes (cut), text behind a
 * section's bracket, a byte order mark, and control bytes.  libinih stops at
 * the end of a string, so a NUL is refused too.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/format.h"
#include "config/config.h"
#include "config/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1024 * 1024)
#define SECTIONS_MAX 256
#define MISTAKES_MAX 20 /* logged; the file is refused by the first */
#define KEYS_MAX 64
#define SECTION_MAX 49 /* bytes that libinih keeps of a section's name */

struct section {
	char name[SECTION_MAX + 1];
	unsigned line;
	unsigned seen[KEYS_MAX]; /* the line where key number i stands, or 0 */
};

struct parse {
	const char *path;
	const struct ca_log *log;
	const char *p, *end; /* what libinih has not read yet */
	unsigned line;       /* the line that it has read last */
	bool indented;       /* that line begins with white space */
	unsigned mistakes;
	bool carriage; /* the mistake of \r is told */
	struct section *sections;
	size_t nsections;
	struct section *now;       /* NULL: before the first section */
	struct ca_config *cfg;     /* receives the section called want */
	struct ca_config *scratch; /* receives all others, to check them */
	const char *want;
	bool check; /* first pass: look at everything */
	/* the key read last: indented lines may follow, so it is set when
	 * something else begins */
	char key[SECTION_MAX + 1]; /* "": none, or a mistake */
	unsigned key_line;
	struct ca_buf value;
	bool memory;
};

static void __attribute__((format(printf, 2, 3)))
mistake(struct parse *in, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(text, sizeof text, fmt, ap);
	va_end(ap);
	if (in->mistakes++ < MISTAKES_MAX)
		ca_log_err(in->log, "%s:%u: %-s", in->path, in->line, text);
}

static void
new_section(struct parse *in, const char *name, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	in->now = NULL;
	if (len == 0 || len > SECTION_MAX) {
		mistake(
		    in, "a section's name has 1 to %d characters", SECTION_MAX);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (strchr(allowed, name[i]) == NULL) {
			mistake(in,
			    "[%.*s] is not the name of a PAM service "
			    "(which libpam makes lower case)",
			    (int)len, name);
			return;
		}
	for (size_t i = 0; i < in->nsections; i++)
		if (strlen(in->sections[i].name) == len &&
		    memcmp(in->sections[i].name, name, len) == 0) {
			in->now = &in->sections[i];
			if (in->check)
				mistake(in, "[%.*s] stands already in line %u",
				    (int)len, name, in->now->line);
			return;
		}
	if (in->nsections == SECTIONS_MAX) {
		mistake(in, "more than %d sections", SECTIONS_MAX);
		return;
	}
	in->now = &in->sections[in->nsections++];
	memcpy(in->now->name, name, len);
	in->now->line = in->line;
}

/* The value of the last key is complete: set it. */
static void
end_key(struct parse *in)
{
	char where[4200];
	enum ca_err rc;
	bool wanted = in->now != NULL && in->want != NULL &&
		      strcmp(in->now->name, in->want) == 0;

	if (in->key[0] == '\0' || (!wanted && !in->check))
		goto done;
	ca_format(where, sizeof where, "%s:%u", in->path, in->key_line);
	const char *text = ca_buf_text(&in->value);
	if (text == NULL) {
		mistake(in, "out of memory, or a list of over 64 KiB");
		goto done;
	}
	rc = ca_config_set(wanted ? in->cfg : in->scratch, in->key, text, where,
	    in->mistakes < MISTAKES_MAX ? in->log : NULL);
	if (rc == CA_ERR_MEMORY)
		in->memory = true;
	if (rc != CA_OK)
		in->mistakes++;
done:
	in->key[0] = '\0';
}

static bool
look_section(struct parse *in, const char *line, size_t len)
{
	const char *close = memchr(line, ']', len), *end = line + len;

	if (close == NULL) {
		mistake(in, "a section without its ]");
		in->now = NULL;
		return false;
	}
	new_section(in, line + 1, (size_t)(close - line) - 1);
	const char *rest = close + 1;
	while (rest < end && (*rest == ' ' || *rest == '\t'))
		rest++;
	if (rest < end && *rest != '#' && *rest != ';')
		mistake(in, "text behind a section's ]");
	return true;
}

/* A file from Windows has a mistake on every line; one message is enough. */
static void
control_byte(struct parse *in, char c)
{
	if (c != '\r') {
		mistake(in, "a control byte (0x%02x)", (unsigned char)c);
		return;
	}
	if (in->carriage) {
		in->mistakes++;
		return;
	}
	in->carriage = true;
	mistake(in, "a control byte (0x0d): lines must end as on Unix "
		    "(dos2unix, or sed -i 's/\\r$//')");
}

/* Look at a line (without its end) before libinih does.  False: leave it out.
 */
static bool
look(struct parse *in, const char *line, size_t len)
{
	size_t start = 0;

	while (start < len && (line[start] == ' ' || line[start] == '\t'))
		start++;
	in->indented = start > 0;
	if (in->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		mistake(in, "the file begins with a byte order mark; "
			    "save it as UTF-8 without one");
		return false;
	}
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
		    line[i] == 0x7f) {
			control_byte(in, line[i]);
			return false;
		}
	if (start == len || line[start] == '#' || line[start] == ';')
		return false; /* nothing for libinih */
	if (in->indented && in->key[0] != '\0')
		return true;
	if (in->indented) {
		mistake(in, "an indented line, but no list before it");
		return false;
	}
	end_key(in);
	if (line[0] == '[')
		return look_section(in, line, len);
	/* libinih takes a colon too; one form is enough */
	size_t name = 0;
	while (name < len && line[name] != '=' && line[name] != ':')
		name++;
	if (name == 0 || name == len || line[name] != '=') {
		mistake(in, "the line is neither KEY = VALUE nor [SERVICE]");
		return false;
	}
	return true;
}

/*
 * libinih's fgets.  A line that it must not see is given to it as an empty
 * one, which it passes over.
 */
static char *
next_line(char *str, int num, void *stream)
{
	struct parse *in = stream;

	if (in->p == in->end)
		return NULL;
	const char *nl = memchr(in->p, '\n', (size_t)(in->end - in->p));
	size_t len = (size_t)((nl != NULL ? nl : in->end) - in->p);
	const char *line = in->p;

	in->p = nl != NULL ? nl + 1 : in->end;
	in->line++;
	bool use = look(in, line, len);
	/* libinih counts on room for \r, \n and a NUL */
	if (use && len + 3 > (size_t)num) {
		mistake(in,
		    "the line has over %d bytes; a list may go on in "
		    "indented lines",
		    num - 3);
		use = false;
	}
	if (!use)
		len = 0;
	memcpy(str, line, len);
	str[len] = '\n';
	str[len + 1] = '\0';
	return str;
}

/* Put an indented line behind the list that it belongs to. */
static void
go_on(struct parse *in, const char *value)
{
	const struct ca_key *key = ca_key_find(in->key);

	if (key == NULL)
		return; /* a mistake, told when its end is found */
	if (key->type != CA_KEY_LIST && key->type != CA_KEY_PROOF) {
		mistake(in,
		    "an indented line goes on with the line before, "
		    "but %s is not a list",
		    in->key);
		return;
	}
	/* some versions of libinih take a comment away here, some do not */
	const char *comment = strstr(value, " ;");
	if (comment == NULL)
		comment = strstr(value, "\t;");
	ca_buf_str(&in->value, " ");
	ca_buf_put(&in->value, value,
	    comment != NULL ? (size_t)(comment - value) : strlen(value));
}

static void
begin_key(struct parse *in, const char *name, const char *value)
{
	const struct ca_key *key = ca_key_find(name);

	if (in->now == NULL) {
		mistake(in, "%s stands in no [section]", name);
		return;
	}
	if (key != NULL) {
		unsigned *seen = &in->now->seen[key - ca_keys];

		if (in->check && *seen != 0) {
			mistake(
			    in, "%s stands already in line %u", name, *seen);
			return;
		}
		*seen = in->line;
	}
	(void)snprintf(in->key, sizeof in->key, "%s", name);
	in->key_line = in->line;
	ca_buf_reset(&in->value);
	ca_buf_str(&in->value, value);
}

/* libinih's handler.  Its return value is not used: mistakes are counted. */
static int
take(void *user, const char *section, const char *name, const char *value)
{
	struct parse *in = user;

	(void)section;
	if (name == NULL)
		return 1; /* some builds of libinih tell of a new section */
	if (value == NULL)
		mistake(in, "%s has no value", name);
	else if (strstr(value, " #") != NULL || strstr(value, "\t#") != NULL ||
		 value[0] == '#')
		mistake(in, "a comment with # needs a line of its own");
	else if (in->indented)
		go_on(in, value);
	else
		begin_key(in, name, value);
	return 1;
}

static enum ca_err
pass(struct parse *in, const char *text, size_t len, const char *want,
    bool check)
{
	in->p = text;
	in->end = text + len;
	in->line = 0;
	in->now = NULL;
	in->want = want;
	in->check = check;
	in->key[0] = '\0';
	int bad = ini_parse_stream(next_line, in, take, in);
	end_key(in);
	if (in->memory)
		return CA_ERR_MEMORY;
	if (bad != 0 && in->mistakes == 0) {
		/* look() leaves it nothing to complain about */
		in->line = bad > 0 ? (unsigned)bad : in->line;
		mistake(in, "libinih cannot read the line");
	}
	return in->mistakes == 0 ? CA_OK : CA_ERR_CONFIG;
}

static enum ca_err
parse_text(struct ca_config *cfg, const char *path, const char *text,
    size_t len, const char *service, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct parse in = {
	    .path = path, .log = log, .cfg = cfg, .value = CA_BUF_INIT(65536)};

	in.sections = calloc(SECTIONS_MAX, sizeof *in.sections);
	in.scratch = ca_config_new();
	if (in.sections == NULL || in.scratch == NULL) {
		ca_log_err(log, "%s: out of memory", path);
		ret = CA_ERR_MEMORY;
		goto out;
	}
	/* [default] may stand behind the service's section, hence two passes */
	if ((rc = pass(&in, text, len, "default", true)) != CA_OK ||
	    (service != NULL && strcmp(service, "default") != 0 &&
		(rc = pass(&in, text, len, service, false)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(in.sections);
	ca_config_free(in.scratch);
	ca_buf_free(&in.value);
	return ret;
}

enum ca_err
ca_config_read(struct ca_config *cfg, const char *path, const char *service,
    bool must_exist, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(FILE_MAX_BYTES + 1);

	rc = ca_file_read(AT_FDCWD, path, FILE_MAX_BYTES, &text);
	if (rc == CA_ERR_NOT_FOUND && !must_exist)
		goto absent;
	if (rc != CA_OK) {
		ca_file_log(log, path, rc);
		ret = rc == CA_ERR_LIMIT ? CA_ERR_CONFIG : rc;
		goto out;
	}
	if (text.len > 0 && (rc = parse_text(cfg, path, (const char *)text.p,
				 text.len, service, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
absent:
	ret = CA_OK;
out:
	ca_buf_free(&text);
	return ret;
}

/* ---- the module's arguments ---- */

/* What fits together only as a whole. */
static enum ca_err
consistent(const struct ca_config *cfg, const struct ca_log *log)
{
	if ((cfg->host_cert == NULL) != (cfg->host_key == NULL)) {
		ca_log_err(log, "host_cert and host_key belong together: set "
				"both or none");
		return CA_ERR_CONFIG;
	}
	if (cfg->host_proof == CA_HOST_PROOF_REQUIRE &&
	    cfg->host_cert == NULL) {
		ca_log_err(log, "host_proof = require needs host_cert and "
				"host_key");
		return CA_ERR_CONFIG;
	}
	if (cfg->min_uid > cfg->max_uid) {
		ca_log_err(log,
		    "min_uid = %u is above max_uid = %u: no pattern could make "
		    "a login",
		    cfg->min_uid, cfg->max_uid);
		return CA_ERR_CONFIG;
	}
	return CA_OK;
}

static enum ca_err
set_argument(struct ca_config *cfg, const char *arg, int number, bool *seen,
    const struct ca_log *log)
{
	char where[32], name[SECTION_MAX + 1];
	const char *equals = strchr(arg, '=');
	size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);

	(void)snprintf(where, sizeof where, "argument %d", number);
	if (len > SECTION_MAX)
		len = SECTION_MAX; /* no key is that long */
	memcpy(name, arg, len);
	name[len] = '\0';
	if (equals == NULL && strcmp(name, "debug") != 0) {
		ca_log_err(log,
		    "%-s: %s is not KEY=VALUE "
		    "(certauth.conf(5) lists the keys)",
		    where, name);
		return CA_ERR_CONFIG;
	}
	const struct ca_key *key = ca_key_find(name);
	if (key != NULL && seen[key - ca_keys]) {
		ca_log_err(log, "%-s: %s was given before", where, name);
		return CA_ERR_CONFIG;
	}
	if (key != NULL)
		seen[key - ca_keys] = true;
	return ca_config_set(
	    cfg, name, equals != NULL ? equals + 1 : "yes", where, log);
}

/* The value of config= in argv, or NULL; twice is a mistake. */
static enum ca_err
find_config(
    int argc, const char **argv, const char **path, const struct ca_log *log)
{
	*path = NULL;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "config=", 7) != 0)
			continue;
		if (*path != NULL || argv[i][7] != '/') {
			ca_log_err(log, "argument %d: %-s", i + 1,
			    *path != NULL ? "config was given before"
					  : "config= needs an absolute path");
			return CA_ERR_CONFIG;
		}
		*path = argv[i] + 7;
	}
	return CA_OK;
}

enum ca_err
ca_config_load(int argc, const char **argv, const char *service,
    const struct ca_log *log, struct ca_config **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_config *cfg = NULL;
	bool seen[KEYS_MAX] = {false};
	const char *path;

	*out = NULL;
	if ((rc = find_config(argc, argv, &path, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((cfg = ca_config_new()) == NULL) {
		ca_log_err(log, "out of memory");
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_config_read(cfg,
		 path != NULL ? path : CA_SYSCONFDIR "/certauth.conf", service,
		 path != NULL, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "config=", 7) == 0)
			continue;
		if ((rc = set_argument(cfg, argv[i], i + 1, seen, log)) !=
		    CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if ((rc = consistent(cfg, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = cfg;
	cfg = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_config_free(cfg);
	return ret;
}
