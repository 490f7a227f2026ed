# What `cmake --install` puts where. Included last by CMakeLists.txt.

# What names no component is the daemon's.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME daemon)

install(TARGETS ternd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS ternctl ternq RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# --- libtern: the wire layer alone, for other programs --------------------------------------------

file(GLOB tern_sources CONFIGURE_DEPENDS src/wire/*.c)
add_library(tern_objects OBJECT ${tern_sources})
target_include_directories(tern_objects PRIVATE src include)
# Objects with only LTO bytecode could be linked by our very compiler and nobody else. A section for each
# function, as the archive has one object: the linker then takes what is called. PIC is for shared libraries
# that link the archive.
target_compile_options(tern_objects PRIVATE -fno-lto -ffunction-sections -fdata-sections)
set_target_properties(tern_objects PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF
	POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)

# An archive shows what its files say to each other. So they become one object first, and what the public
# headers don't declare becomes local to that object.
add_custom_command(OUTPUT libtern.a
	COMMAND ${CMAKE_LINKER} -r -o tern.o $<TARGET_OBJECTS:tern_objects>
	COMMAND ${CMAKE_OBJCOPY} --localize-hidden tern.o
	COMMAND ${CMAKE_COMMAND} -E rm -f libtern.a
	COMMAND ${CMAKE_AR} rcs libtern.a tern.o
	DEPENDS tern_objects $<TARGET_OBJECTS:tern_objects>
	COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(tern ALL DEPENDS libtern.a)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libtern.a DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(DIRECTORY include/tern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library
	FILES_MATCHING PATTERN "*.h")
install(FILES docs/libtern-example.c DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libtern-dev/examples
	COMPONENT library)

file(RELATIVE_PATH tern_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
file(CONFIGURE OUTPUT tern.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@tern_prefix@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: libtern
Description: DNS messages, names and records in wire and presentation format
Version: @PROJECT_VERSION@
Libs: -L${libdir} -ltern
Cflags: -I${includedir}
]])
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tern.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
	COMPONENT library)

# --- manual pages, example, service ---------------------------------------------------------------

foreach(section 1 5 8)
	file(GLOB pages CONFIGURE_DEPENDS docs/*.${section})
	install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
install(FILES docs/tern.yaml.example docs/port-53.md docs/encryption.md LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# These scripts run at install time, when prefix and DESTDIR are known.
install(CODE "set(tern_source \"${CMAKE_CURRENT_SOURCE_DIR}\")
	set(tern_sbindir \"${CMAKE_INSTALL_SBINDIR}\")")
# All of it goes below the prefix. Only for /usr, where packages go, is the configuration in /etc, where ternd
# looks by itself; elsewhere the unit names it. A configuration that is there already stays.
install(CODE [[
	set(prefix "${CMAKE_INSTALL_PREFIX}")
	set(config "${prefix}/etc/tern")
	set(start "${prefix}/${tern_sbindir}/ternd -c ${config}/tern.yaml")
	if(prefix STREQUAL "/usr")
		set(config "/etc/tern")
		set(start "/usr/${tern_sbindir}/ternd")
	endif()
	if(NOT EXISTS "$ENV{DESTDIR}${config}/tern.yaml")
		file(INSTALL "${tern_source}/docs/tern.yaml" DESTINATION "${config}")
	endif()
	file(MAKE_DIRECTORY "$ENV{DESTDIR}${config}/conf.d")
	set(file "${prefix}/lib/systemd/system/tern.service")
	file(READ "${tern_source}/systemd/tern.service" unit)
	string(REPLACE "ExecStart=/usr/sbin/ternd" "ExecStart=${start}" unit "${unit}")
	file(WRITE "$ENV{DESTDIR}${file}" "${unit}")
	list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${file}")
]])
install(FILES systemd/tern.socket DESTINATION lib/systemd/system)
install(FILES systemd/tern.sysusers DESTINATION lib/sysusers.d RENAME tern.conf)
install(FILES systemd/tern.tmpfiles DESTINATION lib/tmpfiles.d RENAME tern.conf)

include(cmake/package.cmake)
