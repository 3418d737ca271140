// Paths are put together by their text alone, since an output need not exist yet. Only a leading
// ".." is taken back: behind a name it may follow a symbolic link.

#include "path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *conf_path_folder(const char *file) {
	const char *slash = strrchr(file, '/');
	if (slash == NULL)
		return realpath(".", NULL);
	char *folder = strndup(file, (size_t)(slash - file) + 1);
	if (folder == NULL)
		return NULL;
	char *real = realpath(folder, NULL);
	free(folder);
	return real;
}

char *conf_path_absolute(const char *folder, const char *path) {
	char *out = malloc(strlen(folder) + strlen(path) + 3);
	if (out == NULL)
		return NULL;
	size_t n = 0;
	if (path[0] != '/' && strcmp(folder, "/") != 0)
		n = (size_t)(stpcpy(out, folder) - out);
	bool leading = true;
	for (const char *p = path; *p != '\0';) {
		size_t len = strcspn(p, "/");
		bool up = len == 2 && memcmp(p, "..", 2) == 0;
		if (up && leading) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			leading = false;
			out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len;
		p += *p == '/';
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}
