include(CMakePackageConfigHelpers)

install(TARGETS millijoule EXPORT MillijouleTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS millijoule_runtime LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/millijoule)
install(TARGETS mj RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set_target_properties(mj PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
set_target_properties(millijoule_runtime PROPERTIES INSTALL_RPATH "$ORIGIN/..")
install(DIRECTORY src/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/millijoule
        FILES_MATCHING PATTERN "*.h" PATTERN cli EXCLUDE PATTERN torch EXCLUDE)
install(EXPORT MillijouleTargets NAMESPACE Millijoule:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Millijoule)

configure_package_config_file(cmake/MillijouleConfig.cmake.in ${PROJECT_BINARY_DIR}/MillijouleConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Millijoule)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/MillijouleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/MillijouleConfig.cmake ${PROJECT_BINARY_DIR}/MillijouleConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Millijoule)
