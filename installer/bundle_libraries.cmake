# Runs on the staged tree of the portable archive: adds every shared library but glibc and the drivers', Qt's plugins, the
# libraries' licence texts, and a qt.conf, so that the unpacked folder runs on another machine.
file(GLOB staged LIST_DIRECTORIES true ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*)
find_program(BASH bash REQUIRED)
execute_process(COMMAND ${BASH} ${CMAKE_CURRENT_LIST_DIR}/bundle_libraries.sh ${CPACK_TEMPORARY_INSTALL_DIRECTORY} COMMAND_ERROR_IS_FATAL ANY)
