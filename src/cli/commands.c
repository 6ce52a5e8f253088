#include "cli/cli.h"

#include <stddef.h>

const struct ca_command *const ca_commands[] = {
	NULL,
};
