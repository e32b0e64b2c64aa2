# What is installed besides libstead (sspi_shim), and the packages that `cpack` makes in the build folder, one a component:
#
#   libstead       libstead.so.0                        libstead-dev   headers, archive, CMake and pkg-config files
#   stead          the command, for administrators      stead-proxy    the proxy, its systemd unit and a configuration to start from
#   stead-kdc      the reference KDC and its forest
#
# The command is a package of its own: it needs no libstead.so, and who wants to know why delegation fails types `apt install stead`.
# stead-proxy brings no user: its unit runs with DynamicUser. Nothing is enabled or started by an installation.
# docker/Dockerfile adds the layers one after another; those that are not there yet have nothing to install.
if(TARGET stead-proxy)
  install(TARGETS stead-proxy RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT stead-proxy)
  install(FILES proxy/stead-proxy.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT stead-proxy)
  install(FILES proxy/stead-proxy.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT stead-proxy)
  install(FILES proxy/package/stead-proxy.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/stead COMPONENT stead-proxy)
  # Beside the prefix, for the package alone.
  install(FILES proxy/package/logrotate DESTINATION ../etc/logrotate.d RENAME stead-proxy COMPONENT stead-proxy EXCLUDE_FROM_ALL)
  install(FILES proxy/stead-proxy.service DESTINATION lib/systemd/system COMPONENT stead-proxy)
  install(FILES proxy/package/proxy.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/stead COMPONENT stead-proxy)
  install(FILES samples/proxy.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/stead/samples COMPONENT stead-proxy)
endif()
if(TARGET stead-kdc)
  install(TARGETS stead-kdc RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT stead-kdc)
  install(FILES kdc/stead-kdc.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT stead-kdc)
  install(FILES samples/forest.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/stead/samples COMPONENT stead-kdc)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The Stead project")
set(CPACK_PACKAGE_CONTACT "The Stead project <stead@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL libstead libstead-dev stead stead-proxy stead-kdc)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(component ${CPACK_COMPONENTS_ALL})
  string(TOUPPER ${component} name)
  set(CPACK_DEBIAN_${name}_PACKAGE_NAME ${component})
  set(CPACK_DEBIAN_${name}_PACKAGE_SECTION net)
endforeach()
set(CPACK_COMPONENT_LIBSTEAD_DESCRIPTION "Kerberos constrained delegation: the library")
set(CPACK_COMPONENT_LIBSTEAD-DEV_DESCRIPTION "Kerberos constrained delegation: headers (SSPI in C, S4U in C++) and the static library")
set(CPACK_COMPONENT_STEAD_DESCRIPTION "Kerberos tickets on a user's behalf, and why there are none: the command")
set(CPACK_COMPONENT_STEAD-PROXY_DESCRIPTION "Reverse proxy that signs users in and talks to Kerberos back ends in their stead")
set(CPACK_COMPONENT_STEAD-KDC_DESCRIPTION "Reference KDC that behaves as Active Directory domain controllers of a chosen level do")
set(CPACK_DEBIAN_LIBSTEAD_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBSTEAD_PACKAGE_DEPENDS "libgssapi-krb5-2 (>= 1.18), libkrb5-3 (>= 1.18)")  # loaded by shared/kerberos_libraries.cc
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_LIBSTEAD-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBSTEAD-DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_LIBSTEAD-DEV_PACKAGE_DEPENDS "libstead (= ${PROJECT_VERSION}), libkrb5-dev, libc-ares-dev, libssl-dev, libtomlplusplus-dev")
# stead/s4u.h needs Boost's headers, of the version that the library was built with; stead/sspi.h does not.
set(CPACK_DEBIAN_LIBSTEAD-DEV_PACKAGE_RECOMMENDS "libboost${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev")
set(CPACK_DEBIAN_LIBSTEAD-DEV_PACKAGE_SUGGESTS libspdlog-dev)  # stead/log_events.h
set(CPACK_DEBIAN_STEAD_PACKAGE_RECOMMENDS libsasl2-modules-gssapi-mit)  # by which `stead doctor` reads a directory
set(CPACK_DEBIAN_STEAD-PROXY_PACKAGE_SECTION web)
set(CPACK_DEBIAN_STEAD-PROXY_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/proxy/package/conffiles;${PROJECT_SOURCE_DIR}/proxy/package/postinst;${PROJECT_SOURCE_DIR}/proxy/package/prerm;${PROJECT_SOURCE_DIR}/proxy/package/postrm")
include(CPack)
