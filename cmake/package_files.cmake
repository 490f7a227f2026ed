# cpack runs this between installing into its own folder and packing: what Debian's policy wants of a package's
# files, and what `cmake --install` elsewhere has no use for.
cmake_minimum_required(VERSION 3.25)

# Policy 12.5, in the machine-readable form.
function(write_copyright file)
	file(READ ${CPACK_TERN_SOURCE}/LICENSE license)
	string(REGEX MATCH "Copyright \\(c\\) ([^\n]+)" holder "${license}")
	set(holder "${CMAKE_MATCH_1}")
	string(REGEX REPLACE "^.*Copyright[^\n]*\n+" "" license "${license}")
	string(REGEX REPLACE "\n+$" "" license "${license}")
	string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
	string(REGEX REPLACE "\n" "\n " license "${license}")
	file(WRITE ${file} "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tern
Upstream-Contact: ${CPACK_PACKAGE_CONTACT}

Files: *
Copyright: ${holder}
License: BSD-2-Clause
 ${license}
")
endfunction()

# Policy 12.7: the packages are Debian's own kind, without a revision, so "changelog" has Debian's form. What users
# notice is in CHANGELOG.md.
function(write_changelog file)
	set(ENV{SOURCE_DATE_EPOCH} ${CPACK_TERN_DATE})
	string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
	file(WRITE ${file} "tern (${CPACK_PACKAGE_VERSION}) bookworm; urgency=medium

  * As /usr/share/doc/tern/CHANGELOG.md.gz of the package tern says.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
endfunction()

# Without name and time inside, so that the same sources give the same package.
function(compress)
	execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(daemon ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/daemon/usr)
set(library ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/library/usr)
foreach(folder ${daemon}/share/doc/tern ${library}/share/doc/libtern-dev)
	write_copyright(${folder}/copyright)
	write_changelog(${folder}/changelog)
	compress(${folder}/changelog)
endforeach()
file(REMOVE ${daemon}/share/doc/tern/LICENSE)
file(GLOB pages ${daemon}/share/man/man?/*.[1-8])
compress(${daemon}/share/doc/tern/CHANGELOG.md ${pages})

# The library of each architecture in a folder of its own. pkg-config looks there.
set(at lib/${CPACK_TERN_MULTIARCH})
file(MAKE_DIRECTORY ${library}/${at})
file(RENAME ${library}/lib/libtern.a ${library}/${at}/libtern.a)
file(RENAME ${library}/lib/pkgconfig ${library}/${at}/pkgconfig)
file(READ ${library}/${at}/pkgconfig/tern.pc pc)
string(REGEX REPLACE "prefix=[^\n]*" "prefix=/usr" pc "${pc}")
string(REGEX REPLACE "libdir=[^\n]*" "libdir=\${prefix}/${at}" pc "${pc}")
file(WRITE ${library}/${at}/pkgconfig/tern.pc "${pc}")
execute_process(COMMAND ${CPACK_TERN_STRIP} --strip-debug --enable-deterministic-archives ${library}/${at}/libtern.a
	COMMAND_ERROR_IS_FATAL ANY)
