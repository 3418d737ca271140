// Where relative paths of a configuration begin.
#pragma once

// The folder that `file` stands in, absolute, without symbolic links. NULL with errno; free it.
char *conf_path_folder(const char *file);

// `path` as seen from `folder` (absolute, without symbolic links): absolute, "." and doubled
// slashes left out, ".." resolved where it stands ahead of everything else. Nothing needs to exist.
// NULL when there is no memory; free it.
char *conf_path_absolute(const char *folder, const char *path);
