# cpack runs this between installing into its own folder and packing: what Debian's policy wants of the texts
# of a package, and what `cmake --install` elsewhere has no use for.
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

# Without name and time inside, so that the same sources give the same package.
function(compress)
	if(ARGN)
		execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
	endif()
endfunction()

file(GLOB documents LIST_DIRECTORIES true
	${CPACK_TEMPORARY_INSTALL_DIRECTORY}/daemon/usr/share/doc/tern
	${CPACK_TEMPORARY_INSTALL_DIRECTORY}/library/usr/share/doc/libtern-dev)
foreach(folder ${documents})
	write_copyright(${folder}/copyright)
	file(REMOVE ${folder}/LICENSE ${folder}/CHANGELOG.md)
	configure_file(${CPACK_TERN_SOURCE}/CHANGELOG.md ${folder}/changelog COPYONLY)
	compress(${folder}/changelog)
endforeach()

file(GLOB pages ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/daemon/usr/share/man/man?/*.[1-8])
compress(${pages})

file(GLOB library ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/library/usr/lib/libtern.a)
execute_process(COMMAND ${CPACK_TERN_STRIP} --strip-debug --enable-deterministic-archives ${library}
	COMMAND_ERROR_IS_FATAL ANY)
