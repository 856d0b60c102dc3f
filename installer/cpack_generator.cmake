# Read by cpack once per generator: the archive is relocatable and carries its libraries, the DEB relies on the system's.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_PACKAGING_INSTALL_PREFIX "")
  set(CPACK_PRE_BUILD_SCRIPTS ${CPACK_NIBBLE_BUNDLE_SCRIPT})
endif()
