/* control_records.c - local data that is added and removed here: told when it is in force. */
#include <tern/name.h>

#include "control/control_private.h"

void records_print(struct control *c, struct client *k)
{
	json_t *records = c->host->local_data(c->host->context), *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		if (k->json)
			unsent_add_json_line(&k->unsent, json_incref(record));
		else
			unsent_print(&k->unsent, "%s\n",
				     json_string_value(json_object_get(record, "record")));
	}
	json_decref(records);
	reply_end(k);
}

static void wait_with(struct client *k, json_t *done)
{
	json_decref(k->done);
	k->done = done;
	k->work = WORK_RECORDS;
}

void records_add(struct control *c, struct client *k, const char *record)
{
	const char *why;
	bool kept;

	if (!c->host->add_local(c->host->context, record, &kept, &why)) {
		reply_error(k, "\"%.300s\": %s", record, why);
		return;
	}
	json_t *done = json_pack("{s:s,s:b}", "added", record, "kept", kept);

	if (done && !kept)
		(void)json_object_set_new(
			done, "warning",
			json_string("without a state folder (STATE_DIRECTORY) it is gone with the "
				    "daemon"));
	wait_with(k, done);
}

void records_remove(struct control *c, struct client *k, const uint8_t *name, uint16_t type)
{
	const char *why;
	unsigned n = c->host->remove_local(c->host->context, name, type, &why);
	char text[TERN_NAME_TEXT_MAX];

	if (n == 0)
		reply_error(k, "%s: %s", tern_name_to_text(name, text), why);
	else
		wait_with(k, json_pack("{s:i}", "removed", (int)n));
}

void records_look(struct control *c, struct client *k)
{
	enum control_progress progress = c->host->look_at_local(c->host->context);
	json_t *done = k->done;

	if (progress == CONTROL_BUSY)
		return;
	k->work = WORK_NONE;
	k->done = NULL;
	if (progress == CONTROL_DONE) {
		reply_object(k, done);
		return;
	}
	json_decref(done);
	reply_error(k,
		    "kept, but not in force: the names could not be read again, the log tells why");
}
