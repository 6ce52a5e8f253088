#include "module/rootpath.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

const char *
ca_rootpath_distrust(const char *path)
{
	char part[sizeof((struct sockaddr_un *)NULL)->sun_path];
	struct stat st;

	for (size_t i = 0; path[i] != '\0'; i++) {
		if (i + 1 >= sizeof part)
			return "has too long a path";
		if (path[i] != '/')
			continue;
		memcpy(part, path, i + 1);
		part[i == 0 ? 1 : i] = '\0';
		if (lstat(part, &st) != 0)
			return "does not exist";
		if (!S_ISDIR(st.st_mode))
			return "is not a directory";
		if (st.st_uid != 0)
			return "is not root's";
		if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
			return "is writable by others";
	}
	return NULL;
}
