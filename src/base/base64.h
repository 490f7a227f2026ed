/*
 * base64.h - the letters of base64 and base64url (RFC 4648 4 and 5).
 */
#pragma once

/** What @p c stands for, 0 to 63, where @p for62 and @p for63 stand for these: '+' and '/', or '-'
 * and '_'. -1 for anything else. */
static inline int base64_value(char c, char for62, char for63)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == for62 ? 62 : c == for63 ? 63 : -1;
}
