# How every folder of src/ becomes a library and a test program: names follow the folder, sources are found by name.
include_guard(GLOBAL)
find_package(Threads REQUIRED)

set(TWINTRACK_SANITIZE "" CACHE STRING "Sanitizers, e.g. address;undefined or thread")

add_library(tt_options INTERFACE)
target_include_directories(tt_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(tt_options INTERFACE -Wall -Wextra -Wconversion -Werror -fno-strict-aliasing)
target_link_libraries(tt_options INTERFACE Threads::Threads)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Rule R7 of docs/developing.md: without sibling calls, symmetric transfer overflows the stack at -O0.
  # GoogleTest's macros under an unbraced if: g++ warns where there is nothing ambiguous.
  target_compile_options(tt_options INTERFACE -foptimize-sibling-calls -Wno-dangling-else)
else()
  target_link_options(tt_options INTERFACE -fuse-ld=lld)
endif()
if(TWINTRACK_SANITIZE)
  target_compile_options(tt_options INTERFACE -fsanitize=${TWINTRACK_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(tt_options INTERFACE -fsanitize=${TWINTRACK_SANITIZE})
endif()

# tt_library(name DEPENDS a b LINK x y): static library tt_<name> from the *.cpp of the calling folder, without
# *_test.cpp and main.cpp; and, if there are *_test.cpp files, the test program test_<name> registered with CTest.
# TEST_DEPENDS names libraries that only the tests use.
function(tt_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(depends)
  foreach(d IN LISTS arg_DEPENDS)
    list(APPEND depends tt_${d})
  endforeach()
  add_library(tt_${name} STATIC ${sources})
  target_link_libraries(tt_${name} PUBLIC tt_options ${depends} ${arg_LINK})
  if(BUILD_TESTING AND tests)
    set(test_depends)
    foreach(d IN LISTS arg_TEST_DEPENDS)
      list(APPEND test_depends tt_${d})
    endforeach()
    find_package(GTest REQUIRED)
    add_executable(test_${name} ${tests})
    target_link_libraries(test_${name} PRIVATE tt_${name} ${test_depends} GTest::gmock GTest::gtest_main)
    add_test(NAME unit.${name} COMMAND test_${name} --gtest_brief=1)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 600)
  endif()
endfunction()
