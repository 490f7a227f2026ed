# TERN_BUILD_S: seconds of the build's date, by which a clock is known to be unset. The same sources
# give the same date: SOURCE_DATE_EPOCH if set, else the last commit's, else that of CHANGELOG.md.
set(TERN_BUILD_S "$ENV{SOURCE_DATE_EPOCH}")
if(NOT TERN_BUILD_S MATCHES "^[0-9]+$")
	execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} log -1 --format=%ct
		OUTPUT_VARIABLE TERN_BUILD_S OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT TERN_BUILD_S MATCHES "^[0-9]+$")
	file(TIMESTAMP ${CMAKE_SOURCE_DIR}/CHANGELOG.md TERN_BUILD_S "%s" UTC)
endif()
set_source_files_properties(src/keeper/keeper.c PROPERTIES
	COMPILE_DEFINITIONS "TERN_BUILD_S=${TERN_BUILD_S}u")
