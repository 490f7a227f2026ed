/* gunzip.c - see gunzip.h. */
#include "keeper/gunzip.h"

#include <string.h>

#define GZIP_WINDOW (16 + MAX_WBITS) /* with the header and sum of gzip */

bool gunzip_begin(struct gunzip *g)
{
	memset(g, 0, sizeof *g);
	return inflateInit2(&g->stream, GZIP_WINDOW) == Z_OK;
}

void gunzip_end(struct gunzip *g)
{
	(void)inflateEnd(&g->stream);
}

bool gunzip_feed(struct gunzip *g, const char *octets, size_t len, gunzip_take *take, void *context)
{
	char out[65536];
	int status = Z_OK;

	g->stream.next_in = (Bytef *)without_const(octets);
	g->stream.avail_in = (uInt)len;
	while (g->stream.avail_in > 0 || (g->stream.avail_out == 0 && !g->whole)) {
		/* Several may stand one after the other. */
		if (g->whole && inflateReset(&g->stream) != Z_OK)
			return false;
		g->stream.next_out = (Bytef *)out;
		g->stream.avail_out = sizeof out;
		status = inflate(&g->stream, Z_NO_FLUSH);
		g->whole = status == Z_STREAM_END;
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return false;
		size_t n = sizeof out - g->stream.avail_out;

		if (n > 0 && !take(context, out, n))
			return false;
		if (status == Z_BUF_ERROR)
			break;
	}
	return true;
}
