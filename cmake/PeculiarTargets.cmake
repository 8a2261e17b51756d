# The three kinds of target of this project. Sources are listed relative to the calling folder, never globbed.

# Warnings, sanitizers and the include root, for every target.
add_library(peculiar_flags INTERFACE)
target_include_directories(peculiar_flags INTERFACE ${PROJECT_SOURCE_DIR})
# GCC 12 reports restrict and maybe-uninitialized falsely inside std::string and std::optional at -O3.
set(peculiar_warnings -Wall -Wextra -Wno-missing-field-initializers -Wno-restrict -Wno-maybe-uninitialized)
list(JOIN peculiar_warnings "," peculiar_host_warnings)
target_compile_options(peculiar_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:${peculiar_warnings};$<$<BOOL:${PECULIAR_WERROR}>:-Werror>>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${peculiar_host_warnings};$<$<BOOL:${PECULIAR_WERROR}>:-Werror=all-warnings>>)
# Every core room may use these: the status type, text formatting.
target_link_libraries(peculiar_flags INTERFACE absl::status absl::statusor Threads::Threads
                      $<IF:$<BOOL:${PECULIAR_WITH_CUDA}>,peculiar_fmt,fmt::fmt>)
if(PECULIAR_SANITIZE)
  target_compile_options(peculiar_flags INTERFACE -fsanitize=${PECULIAR_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(peculiar_flags INTERFACE -fsanitize=${PECULIAR_SANITIZE})
endif()
if(PECULIAR_SANITIZE MATCHES thread)
  # Debian's libraries are not built for this sanitizer: every program tells it what they order.
  add_library(peculiar_tsan_edges OBJECT ${PROJECT_SOURCE_DIR}/tests/support/tsan_edges.cc)
  target_link_libraries(peculiar_tsan_edges PRIVATE absl::synchronization ${CMAKE_DL_LIBS})
  if(PECULIAR_WITH_GRPC)
    target_link_libraries(peculiar_tsan_edges PRIVATE gRPC::grpc++)
    target_compile_definitions(peculiar_tsan_edges PRIVATE PECULIAR_WITH_GRPC)
  endif()
  target_link_libraries(peculiar_flags INTERFACE $<TARGET_OBJECTS:peculiar_tsan_edges> absl::synchronization)
endif()

# peculiar_library(room SRCS a.cc ... DEPS other rooms ... [LINK third-party targets] [TESTS a_test.cc ...]
#                  [TEST_DEPS rooms and targets only the tests need] [LABELS unit])
# A room of core/: library peculiar_<room> with alias peculiar::<room>, and its test binary <room>_test.
# LINK is private: third-party headers stay in the room's .cc files, unless given as PUBLIC_LINK.
function(peculiar_library room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS;LINK;PUBLIC_LINK;TESTS;TEST_DEPS;LABELS")
  list(TRANSFORM arg_SRCS PREPEND ${room}/)
  list(TRANSFORM arg_TESTS PREPEND ${room}/)
  list(TRANSFORM arg_DEPS PREPEND peculiar::)
  add_library(peculiar_${room} STATIC ${arg_SRCS})
  add_library(peculiar::${room} ALIAS peculiar_${room})
  target_link_libraries(peculiar_${room} PUBLIC peculiar_flags ${arg_DEPS} ${arg_PUBLIC_LINK} PRIVATE ${arg_LINK})
  if(arg_TESTS)
    peculiar_test(${room}_test SRCS ${arg_TESTS} DEPS peculiar::${room} ${arg_TEST_DEPS} LABELS ${arg_LABELS})
  endif()
endfunction()

# peculiar_binary(name SRCS main.cc DEPS targets ...): an installed program that knows the project's version.
function(peculiar_binary name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS")
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE peculiar_flags ${arg_DEPS})
  target_compile_definitions(${name} PRIVATE PECULIAR_VERSION="${PROJECT_VERSION}")
  if(PECULIAR_WITH_CUDA)
    peculiar_find_libraries_by_origin(${name})
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# peculiar_test(name SRCS x_test.cc ... DEPS targets ... [LABELS unit|integration|torch]): one GoogleTest binary.
function(peculiar_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS;LABELS")
  if(NOT PECULIAR_BUILD_TESTS)
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE peculiar_flags ${arg_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE PECULIAR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120)
endfunction()
