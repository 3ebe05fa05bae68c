# mj_module(NAME [LIBRARIES ...]): the folder src/NAME as a part of libmillijoule. The libraries named are visible to this folder only.
function(mj_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_library(mj_${name} OBJECT ${sources})
  target_include_directories(mj_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(mj_${name} PRIVATE ${arg_LIBRARIES} fmt::fmt)
  # Nobody replaces a function of the library at run time, so that its own calls may be inlined.
  target_compile_options(mj_${name} PRIVATE -fno-semantic-interposition)
  mj_warnings(mj_${name})
  mj_precompile(mj_${name} mj_base <fmt/format.h>)
  target_sources(millijoule PRIVATE $<TARGET_OBJECTS:mj_${name}>)
  target_link_libraries(millijoule PRIVATE ${arg_LIBRARIES})
endfunction()

# mj_precompile(TARGET FIRST HEADERS ...): reads HEADERS and the standard library's common ones once, for FIRST and all that share its flags.
# It saves half the build's time; every file still includes what it uses (-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON shows it).
function(mj_precompile target first)
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE <algorithm> <cmath> <cstdint> <filesystem> <functional> <map> <optional> <string>
                                                <vector> ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# Shadowing is looked for file by file: where files are compiled together (CMAKE_UNITY_BUILD), one's names would hide another's.
function(mj_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wno-missing-field-initializers
                                           $<$<NOT:$<BOOL:${CMAKE_UNITY_BUILD}>>:-Werror=shadow>
                                           $<$<BOOL:${MJ_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()

# mj_tests(MODULE): tests/MODULE/*.cpp as one program. A suite's name starts with its kind (UnitCsv, GoldenAlexnet,
# DataGoldenSqueezenet), which becomes the test's CTest labels. With MJ_TESTS_TOGETHER the program is one test.
function(mj_tests module)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${module}/*.cpp)
  add_executable(mj_test_${module} ${sources})
  target_include_directories(mj_test_${module} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(mj_test_${module} PRIVATE MJ_SHARED_DATA="${MJ_SHARED_DATA}"
                                                       MJ_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(mj_test_${module} PRIVATE millijoule fmt::fmt GTest::gtest_main GTest::gmock ${ARGN})
  target_compile_options(mj_test_${module} PRIVATE ${MJ_TEST_FLAGS})
  mj_warnings(mj_test_${module})
  mj_precompile(mj_test_${module} mj_test_base <gmock/gmock.h> <gtest/gtest.h>)
  set(environment "")
  if(module MATCHES "runtime|workflow|end_to_end")
    # LeakSanitizer's tracer crashes now and then on the threads that libtorch leaves behind.
    set(environment ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
  endif()
  if(MJ_TESTS_TOGETHER AND NOT module STREQUAL end_to_end)
    add_test(NAME ${module} COMMAND mj_test_${module} --gtest_brief=1)
    set_tests_properties(${module} PROPERTIES LABELS "unit;property;golden;errors;signature" ${environment})
    return()
  endif()
  foreach(kind Unit Property Golden Errors Signature EndToEnd)
    string(REGEX REPLACE "([a-z])([A-Z])" "\\1-\\2" label ${kind})
    string(TOLOWER ${label} label)
    gtest_discover_tests(mj_test_${module} TEST_FILTER "${kind}*" TEST_PREFIX "${module}." DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS ${label} ${environment})
    gtest_discover_tests(mj_test_${module} TEST_FILTER "Data${kind}*" TEST_PREFIX "${module}." DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS "data;${label}" ${environment})
  endforeach()
endfunction()
