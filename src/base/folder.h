/*
 * folder.h - a file by the descriptor of its folder, and the name in that folder.
 *
 * Before privileges are dropped this process may read and write more than the user
 * that it will become. In a folder of that user's a name can be a symbolic link to
 * anything, and another one at the next call. So the folder is opened once, and
 * what is in it is used by openat(), renameat(), unlinkat() with O_NOFOLLOW.
 *
 * A symbolic link on the way to the folder is followed if nobody but root or the
 * process's own user can have made it.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

/**
 * Open the folder that holds @p path.
 *
 * @param name  the last part of @p path, inside of @p path
 * @return a descriptor for the functions with "at" in their names (O_PATH), the
 *         caller's to close; -1 with errno. ELOOP: a link is not to be trusted.
 */
MUST_USE int folder_open_of(const char *path, const char **name);

/** Make the folder that holds @p path, with @p mode, if there is none. The folder above must be. */
void folder_make_of(const char *path, unsigned mode);

/** Make what was renamed or made in the folder last. */
void folder_sync(int folder);

/** Open @p path for reading if it is a regular file; -1 with errno. Links are judged as on the way.
 */
MUST_USE int folder_open_file(const char *path);
