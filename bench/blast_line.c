#include "blast_line.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"

#define ANSWER_MAX     2048
#define SOCKET_OCTETS  (4 << 20) /* of each buffer; the kernel may give less */
#define FLAG_QR        0x80      /* of the third octet */
#define FLAG_TC        0x02
#define FLAG_AD        0x20 /* of the fourth */
#define HEADER_OCTETS  12
#define RCODE(message) ((message)[3] & 15)

bool line_open(struct line *line, const struct address *from, const struct address *to)
{
	struct sockaddr_storage sa;
	int octets = SOCKET_OCTETS;

	*line = (struct line){.fd = -1};
	socklen_t to_len = address_to_sockaddr(to, &sa);
	line->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (line->fd < 0)
		return false;
	(void)setsockopt(line->fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
	(void)setsockopt(line->fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	if (from->family) {
		struct sockaddr_storage own;
		socklen_t own_len = address_to_sockaddr(from, &own);
		if (bind(line->fd, (struct sockaddr *)&own, own_len) != 0)
			return false;
	}
	return connect(line->fd, (struct sockaddr *)&sa, to_len) == 0;
}

void line_close(struct line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
}

static uint64_t *slot_of(struct line *line, uint16_t id)
{
	return &line->sent_ns[id & (LINE_SLOTS - 1)];
}

static void give_up_oldest(struct line *line, struct tally *tally)
{
	uint64_t *slot = slot_of(line, line->oldest++);

	if (*slot) {
		*slot = 0;
		line->in_flight--;
		tally->lost++;
	}
}

void line_expire(struct line *line, uint64_t limit_ns, struct tally *tally)
{
	while (line->oldest != line->next && *slot_of(line, line->oldest) < limit_ns)
		give_up_oldest(line, tally);
}

/* When query number @p taken should go: a late one counts its delay in. */
static uint64_t due_ns(const struct source *source, uint64_t taken, uint64_t now_ns)
{
	if (source->gap_ns <= 0)
		return now_ns;
	return source->start_ns + (uint64_t)((double)taken * source->gap_ns);
}

static size_t copy_query(const struct queries *q, uint64_t number, uint16_t id, uint8_t *out)
{
	uint32_t i = (uint32_t)(number % q->n);
	size_t len = q->at[i + 1] - q->at[i];

	memcpy(out, q->octets + q->at[i], len);
	put_u16(out, id);
	return len;
}

unsigned line_send(struct line *line, struct source *source, unsigned n, uint64_t now_ns,
		   struct tally *tally)
{
	static uint8_t octets[LINE_BATCH][QUERY_MAX];
	struct mmsghdr messages[LINE_BATCH];
	struct iovec iov[LINE_BATCH];

	if (n > LINE_BATCH)
		n = LINE_BATCH;
	if (n > source->left)
		n = (unsigned)source->left;
	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		uint16_t id = (uint16_t)(line->next + i);
		size_t len = copy_query(source->queries, source->taken + i, id, octets[i]);
		iov[i] = (struct iovec){octets[i], len};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
	}
	int done = sendmmsg(line->fd, messages, n, MSG_DONTWAIT);
	unsigned sent = done > 0 ? (unsigned)done : 0;
	for (unsigned i = 0; i < sent; i++) {
		if ((uint16_t)(line->next - line->oldest) >= LINE_SLOTS)
			give_up_oldest(line, tally);
		*slot_of(line, line->next++) = due_ns(source, source->taken++, now_ns);
		line->in_flight++;
	}
	source->left -= sent;
	tally->sent += sent;
	return sent;
}

static bool take_answer(struct line *line, const uint8_t *octets, size_t len, uint64_t now_ns,
			struct tally *tally)
{
	if (len < HEADER_OCTETS || !(octets[2] & FLAG_QR)) {
		tally->strange++;
		return false;
	}
	uint16_t id = get_u16(octets);
	uint64_t *slot = slot_of(line, id);
	if ((uint16_t)(id - line->oldest) >= (uint16_t)(line->next - line->oldest) || !*slot) {
		tally->strange++;
		return false;
	}
	histogram_add(&tally->latency, now_ns > *slot ? now_ns - *slot : 0);
	*slot = 0;
	line->in_flight--;
	tally->answered++;
	tally->octets += len;
	tally->authentic += (octets[3] & FLAG_AD) != 0;
	tally->truncated += (octets[2] & FLAG_TC) != 0;
	tally->rcodes[RCODE(octets)]++;
	while (line->oldest != line->next && !*slot_of(line, line->oldest))
		line->oldest++;
	return true;
}

unsigned line_receive(struct line *line, struct tally *tally)
{
	static uint8_t octets[LINE_BATCH][ANSWER_MAX];
	struct mmsghdr messages[LINE_BATCH];
	struct iovec iov[LINE_BATCH];
	unsigned answers = 0;
	int n;

	do {
		for (unsigned i = 0; i < LINE_BATCH; i++) {
			iov[i] = (struct iovec){octets[i], ANSWER_MAX};
			messages[i] =
				(struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
		}
		n = recvmmsg(line->fd, messages, LINE_BATCH, MSG_DONTWAIT, NULL);
		uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
		for (int i = 0; i < n; i++)
			answers += take_answer(line, octets[i], messages[i].msg_len, now_ns, tally);
	} while (n == LINE_BATCH);
	return answers;
}
