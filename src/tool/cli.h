/*
 * certauth: what every subcommand uses.
 */
#ifndef CA_TOOL_CLI_H
#define CA_TOOL_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"

/* Exit statuses, the same for every subcommand. */
enum { CA_EXIT_OK = 0, CA_EXIT_NO = 1, CA_EXIT_USAGE = 2 };

struct ca_command {
	const char *name;
	const char *summary; /* one line, for `certauth --help` */
	const char *help;    /* at most 24 lines with an example */
	/* argv[0] is the subcommand's name; getopt has been reset */
	int (*run)(int argc, char **argv);
	bool user; /* a user reads its output, in the language of the user */
};

/* A sink that writes "certauth: ..." to standard error. */
struct ca_log ca_cli_log(bool debug);

/* For a command that holds keys and PINs: prevent core dumps, and prevent other
 * programs of the user from reading the memory. */
void ca_cli_keep_memory(void);

/* Print cmd's help to out. */
void ca_cli_help(const struct ca_command *cmd, FILE *out);

/* Print "certauth NAME: message" and a hint at --help; returns CA_EXIT_USAGE. */
int ca_cli_usage(const struct ca_command *cmd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same after getopt_long has returned '?' or ':': name the option of argv
 * that is unknown, lacks its value or takes none. */
int ca_cli_bad_option(const struct ca_command *cmd, char *const *argv);

/*
 * Call one for each option of argv, with its value in optarg.  Returns the first exit
 * status that is not CA_EXIT_OK, or CA_EXIT_OK; then optind is the first other argument.
 */
int ca_cli_options(const struct ca_command *cmd, int argc, char **argv,
    const struct option *options,
    int (*one)(void *ctx, const struct option *option), void *ctx);

/* Is fd a terminal on which a line may have colour, or be written again?  Not with
 * TERM=dumb, which users of a screen reader set.  What is drawn says nothing that the
 * text does not say. */
bool ca_cli_draws(int fd);

/* Print an error message to standard error, escaped; returns CA_EXIT_USAGE. */
int ca_cli_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Convert a time of RFC 3339 (fractions of seconds are cut; Z or an offset) to
 * seconds since 1970.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_cli_time(const char *text, long long *out);

#endif
