# The Debian packages tern and libtern-dev (./dev package). Included by cmake/install.cmake.

set(TERN_MAINTAINER "the tern authors <tern@localhost>" CACHE STRING
	"Who answers for the packages, as \"Name <address>\"")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tern)
set(CPACK_PACKAGE_VENDOR "the tern authors")
set(CPACK_PACKAGE_CONTACT "${TERN_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has one of its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # the configuration goes to /etc, outside the prefix
set(CPACK_STRIP_FILES ON)
# Who calls cpack by hand finds all of it in the build folder, never in the checkout.
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/package)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/package_files.cmake)
set(CPACK_TERN_SOURCE ${CMAKE_CURRENT_SOURCE_DIR})
set(CPACK_TERN_STRIP ${CMAKE_STRIP})
set(CPACK_TERN_DATE ${TERN_BUILD_S})
set(CPACK_TERN_MULTIARCH ${CMAKE_LIBRARY_ARCHITECTURE})

set(CPACK_COMPONENTS_ALL daemon library)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DAEMON_PACKAGE_NAME tern)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SECTION net)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DAEMON_PACKAGE_DEPENDS passwd)
# The certificates by which servers of lists are trusted.
set(CPACK_DEBIAN_DAEMON_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_DAEMON_DESCRIPTION "caching recursive DNS resolver
ternd resolves names from the root down, validates them with DNSSEC and
caches what it learned. ternctl controls it, ternq asks questions.")
set(CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA
	${CMAKE_CURRENT_SOURCE_DIR}/systemd/deb/postinst ${CMAKE_CURRENT_SOURCE_DIR}/systemd/deb/prerm
	${CMAKE_CURRENT_SOURCE_DIR}/systemd/deb/postrm ${CMAKE_CURRENT_SOURCE_DIR}/systemd/deb/conffiles)

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libtern-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS libc6-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS pkg-config)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_MULTIARCH same)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "DNS messages, names and records for programs in C and C++
libtern reads and writes DNS messages in wire format and records in
presentation format. It neither allocates nor does I/O. The library is static.")
include(CPack)
