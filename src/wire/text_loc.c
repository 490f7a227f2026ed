/*
 * text_loc.c - LOC, RFC 1876: "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m".
 */
#include "base/bytes.h"
#include "wire/text_private.h"

#define EQUATOR     0x80000000u /* latitude and longitude 0, in thousandths of a second */
#define ALTITUDE_0  10000000u   /* centimetres between the reference and altitude 0 */
#define DEGREE      3600000u
#define MINUTE      60000u
#define SIZE_MAX_CM UINT64_C(9000000000)

/* Size, horizontal and vertical precision when not told: 1 m, 10 km, 10 m. */
static const uint8_t default_sizes[3] = {0x12, 0x16, 0x13};

static void write_angle(struct text_out *o, uint32_t angle, unsigned degrees_max, char positive,
			char negative)
{
	uint32_t size = angle >= EQUATOR ? angle - EQUATOR : EQUATOR - angle;

	if (size > degrees_max * DEGREE)
		o->unfit = true;
	out_format(o, "%u %u %u.%03u %c ", size / DEGREE, size % DEGREE / MINUTE,
		   size % MINUTE / 1000, size % 1000, angle >= EQUATOR ? positive : negative);
}

static void write_altitude(struct text_out *o, uint32_t altitude)
{
	int64_t cm = (int64_t)altitude - ALTITUDE_0;
	int64_t size = cm < 0 ? -cm : cm;

	out_format(o, "%s%d.%02dm", cm < 0 ? "-" : "", (int)(size / 100), (int)(size % 100));
}

/* A digit and a power of ten, in centimetres. */
static void write_size(struct text_out *o, uint8_t size)
{
	uint64_t cm = size >> 4;
	unsigned power = size & 0xf;

	if (cm == 0 && power > 0)
		o->unfit = true;
	for (unsigned i = 0; i < power; i++)
		cm *= 10;
	if (power < 2)
		out_format(o, " %u.%02um", (unsigned)(cm / 100), (unsigned)(cm % 100));
	else
		out_format(o, " %um", (unsigned)(cm / 100));
}

void write_loc(struct text_out *o, const struct piece *p)
{
	if (p->at[0] != 0) {
		o->unfit = true;
		return;
	}
	write_angle(o, get_u32(p->at + 4), 90, 'N', 'S');
	write_angle(o, get_u32(p->at + 8), 180, 'E', 'W');
	write_altitude(o, get_u32(p->at + 12));
	for (unsigned i = 1; i <= 3; i++)
		write_size(o, p->at[i]);
}

/*
 * A decimal number with at most @p places digits behind the point, scaled to
 * an integer: "1.5" with 3 places is 1500.
 */
static bool scaled_number(struct token t, unsigned places, uint64_t max, uint64_t *value)
{
	struct token whole = t;
	struct token part = {t.at + t.len, 0, false};
	uint64_t fraction = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '.') {
			whole.len = i;
			part = (struct token){t.at + i + 1, t.len - i - 1, false};
			break;
		}
	}
	if (part.len > places || !token_number(&whole, max, value) ||
	    (part.len > 0 && !token_number(&part, max, &fraction)))
		return false;
	for (unsigned i = 0; i < places; i++)
		*value *= 10;
	for (size_t i = part.len; i < places; i++)
		fraction *= 10;
	*value += fraction;
	return *value <= max;
}

/* Is the token the letter of one of the two directions? */
static bool direction(const struct token *t, const char *letters, bool *negative)
{
	if (t->len != 1 || t->quoted)
		return false;
	*negative = (*t->at | 0x20) == letters[1];
	return *negative || (*t->at | 0x20) == letters[0];
}

/* "D [M [S[.sss]]] X" */
static bool read_angle(struct text_in *in, unsigned degrees_max, const char *letters)
{
	static const char expected[] = "degrees [minutes [seconds]] and a direction";
	static const uint64_t units[] = {DEGREE, MINUTE, 1};
	const uint64_t limits[] = {degrees_max, 59, 59999};
	uint64_t angle = 0;
	uint64_t value;
	bool negative;
	struct token t;

	if (!in_need(in, &t, expected))
		return false;
	for (unsigned i = 0; i == 0 || !direction(&t, letters, &negative); i++) {
		if (i == 3 || !scaled_number(t, i == 2 ? 3 : 0, limits[i], &value))
			return text_fail(in, TERN_ETEXT, expected);
		angle += value * units[i];
		if (!in_need(in, &t, expected))
			return false;
	}
	if (angle > (uint64_t)degrees_max * DEGREE)
		return text_fail(in, TERN_ETEXT, expected);
	return put_number(in, negative ? EQUATOR - angle : EQUATOR + angle, 4);
}

/* Metres in centimetres; the letter m may follow. */
static bool metres(struct token t, uint64_t max_cm, uint64_t *cm)
{
	if (t.len > 0 && (t.at[t.len - 1] | 0x20) == 'm')
		t.len--;
	return scaled_number(t, 2, max_cm, cm);
}

static bool read_altitude(struct text_in *in)
{
	static const char expected[] = "an altitude in metres";
	uint64_t cm;
	struct token t;
	bool negative;

	if (!in_need(in, &t, expected))
		return false;
	negative = *t.at == '-';
	if (negative || *t.at == '+') {
		t.at++;
		t.len--;
	}
	if (!metres(t, negative ? ALTITUDE_0 : UINT32_MAX - ALTITUDE_0, &cm))
		return text_fail(in, TERN_ETEXT, expected);
	return put_number(in, negative ? ALTITUDE_0 - cm : ALTITUDE_0 + cm, 4);
}

static bool read_size(struct text_in *in, uint8_t *size)
{
	struct token t;
	uint64_t cm;
	unsigned power = 0;

	if (!in_token(in, &t))
		return in->status == TERN_OK;
	if (!metres(t, SIZE_MAX_CM, &cm))
		return text_fail(in, TERN_ETEXT, "a size in metres up to 90000000");
	for (; cm > 9; cm /= 10)
		power++;
	*size = (uint8_t)(cm << 4 | power);
	return true;
}

bool read_loc(struct text_in *in)
{
	uint8_t head[4] = {0, default_sizes[0], default_sizes[1], default_sizes[2]};
	size_t start = in->out_n;

	if (!put_wire(in, head, sizeof head) || !read_angle(in, 90, "ns") ||
	    !read_angle(in, 180, "ew") || !read_altitude(in))
		return false;
	for (unsigned i = 1; i <= 3; i++) {
		if (!read_size(in, in->out + start + i))
			return false;
	}
	return true;
}
