/*
 * status.c - English for enum tern_status.
 */
#include <tern/status.h>

const char *tern_status_text(enum tern_status status)
{
	switch (status) {
	case TERN_OK: return "success";
	case TERN_ETRUNCATED: return "message ends early";
	case TERN_ETRAILING: return "octets after the message";
	case TERN_ECOUNT: return "impossible record counts";
	case TERN_EQDCOUNT: return "not exactly one question";
	case TERN_EOPCODE: return "opcode not supported";
	case TERN_ELABEL: return "bad label";
	case TERN_ENAME: return "name too long";
	case TERN_EPOINTER: return "bad compression pointer";
	case TERN_ERDATA: return "malformed record data";
	case TERN_EOPT: return "malformed OPT";
	case TERN_ETEXT: return "malformed text";
	case TERN_ESPACE: return "no space left";
	case TERN_EFULL: return "table full";
	case TERN_ENOMEM: return "out of memory";
	}
	return "unknown status";
}
