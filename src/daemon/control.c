#include "daemon/control.h"

#include <errno.h>

struct control *control_create(const char *path, struct worker_shared *shared)
{
	(void)path;
	(void)shared;
	errno = ENOSYS;
	return NULL;
}

void control_destroy(struct control *c)
{
	(void)c;
}

unsigned control_poll_fds(const struct control *c, struct pollfd *fds)
{
	(void)c;
	(void)fds;
	return 0;
}

void control_serve(struct control *c, const struct pollfd *fds, unsigned n)
{
	(void)c;
	(void)fds;
	(void)n;
}
