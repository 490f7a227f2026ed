/* local_data.c - local data that ternctl adds and removes: kept in a file, put in force by a load.
 */
#include <stdlib.h>

#include "base/state_file.h"
#include "daemon/server_private.h"
#include "zone/added.h"

bool local_data_begin(struct server *s)
{
	char *path = state_path_of("local-data");

	s->added = added_create(path, &s->log);
	free(path);
	if (!s->added)
		return false;
	followed_set_added(s->followed, s->added);
	return true;
}

json_t *local_data_to_json(const struct server *s)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < added_count(s->added); i++)
		(void)json_array_append_new(array,
					    json_pack("{s:s}", "record", added_text(s->added, i)));
	return array;
}

bool local_data_add(struct server *s, const char *record, const char **why)
{
	if (!added_add(s->added, record, rulebook_current(&s->shared.rules)->zones, why))
		return false;
	loader_ask_files(s->loader, LOAD_HOSTS);
	return true;
}

unsigned local_data_remove(struct server *s, const uint8_t *name, uint16_t type, const char **why)
{
	unsigned n = added_remove(s->added, name, type, why);

	if (n > 0)
		loader_ask_files(s->loader, LOAD_HOSTS);
	return n;
}

enum control_progress local_data_look(const struct server *s)
{
	if (loader_is_busy(s->loader))
		return CONTROL_BUSY;
	return s->names.added_serial == added_serial(s->added) ? CONTROL_DONE : CONTROL_FAILED;
}
