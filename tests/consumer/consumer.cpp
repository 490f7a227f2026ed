// Another project's program in C++: every public header, and one call into each part of libtern.
#include <cstdio>
#include <cstring>
#include <string>

#include <tern/builder.h>
#include <tern/edns.h>
#include <tern/message.h>
#include <tern/name.h>
#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/rrset.h>
#include <tern/status.h>
#include <tern/text.h>

int main()
{
	const std::string text = "www.example.";
	uint8_t name[TERN_NAME_MAX], octets[512], rdata[64];
	char shown[TERN_NAME_TEXT_MAX], type[16];
	tern_builder b;
	tern_message m;
	tern_edns_option option;
	size_t len = 0;

	if (tern_name_from_text(text.data(), text.size(), name) != TERN_OK ||
	    tern_rdata_from_text(TERN_TYPE_A, "192.0.2.1", tern_name_root, rdata, sizeof rdata, &len,
				 nullptr) != TERN_OK ||
	    tern_rdata_check(TERN_TYPE_A, rdata, len) != TERN_OK)
		return 1;
	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, 1, TERN_FLAG_RD, TERN_RCODE_NOERROR);
	if (tern_builder_question(&b, name, TERN_TYPE_A, TERN_CLASS_IN) != TERN_OK ||
	    tern_builder_opt(&b, 1232, 0, 0, 0) != TERN_OK ||
	    tern_builder_option(&b, TERN_EDNS_NSID, nullptr, 0) != TERN_OK)
		return 2;
	if (tern_message_parse(octets, tern_builder_finish(&b), nullptr, 0, &m) != TERN_OK ||
	    !tern_edns_find(octets, &m.edns, TERN_EDNS_NSID, &option))
		return 3;
	std::printf("%s %s %s\n", tern_name_to_text(m.qname, shown),
		    tern_type_to_text(m.qtype, type, sizeof type), tern_status_text(TERN_OK));
	return tern_name_equal(m.qname, name) ? 0 : 4;
}
