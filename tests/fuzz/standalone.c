/*
 * A main for fuzz targets without libFuzzer: runs each file, or each file of
 * each folder, that its arguments name.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#pragma weak LLVMFuzzerInitialize

static size_t runs;

static void
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		perror(path);
		exit(2);
	}
	size_t size = (size_t)st.st_size;
	/* of just the right size, for a sanitizer to see what goes past it */
	data = malloc(size > 0 ? size : 1);
	if (data == NULL || fread(data, 1, size, f) != size) {
		perror(path);
		exit(2);
	}
	(void)fclose(f);
	(void)fprintf(stderr, "%s\n", path);
	(void)LLVMFuzzerTestOneInput(data, size);
	runs++;
	free(data);
}

static void
run_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL) {
		run_file(path);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		char one[4096];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(one, sizeof one, "%s/%s", path, e->d_name);
		run_file(one);
	}
	(void)closedir(dir);
}

int
main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	(void)printf("%zu inputs\n", runs);
	return runs > 0 ? 0 : 2;
}
