# Preset cuda: LibTorch of the pip wheel that deploy/cuda-libtorch installs, nvcc for the architectures of the preset,
# and archives in place of the shared libraries of Debian's packages. Included by the top CMakeLists.txt.

# peculiar_find_cuda_torch(): a macro, for what it finds belongs to the caller's folder.
macro(peculiar_find_cuda_torch)
  file(GLOB peculiar_wheel "${PROJECT_SOURCE_DIR}/build/torch/lib/python3*/site-packages/torch")
  set(PECULIAR_TORCH "${peculiar_wheel}" CACHE PATH "Folder of the package torch of a pip wheel with CUDA")
  if(NOT EXISTS "${PECULIAR_TORCH}/share/cmake/Torch/TorchConfig.cmake")
    message(FATAL_ERROR "no LibTorch in PECULIAR_TORCH='${PECULIAR_TORCH}': run deploy/cuda-libtorch, or give the folder"
            " that `python -c 'import torch; print(torch.__path__[0])'` prints")
  endif()
  enable_language(CUDA)
  # The wheel's files want the architectures by a name of their own, add flags to every .cu, and switch off CMake's.
  # Our .cu files know nothing of LibTorch and need none of that.
  set(peculiar_architectures "${CMAKE_CUDA_ARCHITECTURES}")
  set(peculiar_cuda_flags "${CMAKE_CUDA_FLAGS}")
  list(TRANSFORM peculiar_architectures REPLACE "^([0-9]+)([0-9][a-z]?)$" "\\1.\\2" OUTPUT_VARIABLE TORCH_CUDA_ARCH_LIST)
  unset(CMAKE_CUDA_ARCHITECTURES CACHE)
  unset(CMAKE_CUDA_ARCHITECTURES)
  set(peculiar_prefixes "${CMAKE_PREFIX_PATH}")
  set(CMAKE_PREFIX_PATH "${PECULIAR_TORCH}")  # before Debian's LibTorch, which may be there too
  find_package(Torch REQUIRED)
  set(CMAKE_PREFIX_PATH "${peculiar_prefixes}")
  set(CMAKE_CUDA_ARCHITECTURES "${peculiar_architectures}" CACHE STRING "" FORCE)
  set(CMAKE_CUDA_FLAGS "${peculiar_cuda_flags}")
  # LibTorch has a Protobuf of its own inside; Debian's, which its files may name, stays out of programs with LibTorch.
  set_target_properties(torch_cpu PROPERTIES INTERFACE_LINK_LIBRARIES "c10")
  # One CUDA runtime in a program: that which LibTorch runs with.
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  file(GLOB peculiar_cudart "${PECULIAR_TORCH}/../nvidia/*/lib/libcudart.so.*")
  if(peculiar_cudart)
    file(REAL_PATH "${peculiar_cudart}" peculiar_cudart)
    set_target_properties(torch::cudart PROPERTIES INTERFACE_LINK_LIBRARIES "${peculiar_cudart};CUDA::toolkit")
  endif()
endmacro()

# peculiar_prefer_archives(): every imported library of this folder that has an archive beside it is linked by that.
# After all find_package.
function(peculiar_prefer_archives)
  get_directory_property(targets IMPORTED_TARGETS)
  foreach(target ${targets})
    foreach(property IMPORTED_LOCATION IMPORTED_LOCATION_NONE IMPORTED_LOCATION_RELEASE INTERFACE_LINK_LIBRARIES)
      get_target_property(libraries ${target} ${property})
      if(libraries)
        peculiar_archives_of("${libraries}" archives)
        set_target_properties(${target} PROPERTIES ${property} "${archives}")
      endif()
    endforeach()
  endforeach()
  add_library(peculiar_fmt STATIC ${PROJECT_SOURCE_DIR}/cmake/fmt.cc)
  target_compile_definitions(peculiar_fmt INTERFACE FMT_SHARED)  # as fmt::fmt: preset release's objects fit, for ccache
  # The wheel's headers have a newer fmt among them; this one is to be found first.
  get_target_property(fmt_headers fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/include")
  file(CREATE_LINK "${fmt_headers}/fmt" "${PROJECT_BINARY_DIR}/include/fmt" SYMBOLIC)
  get_target_property(torch_headers torch INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(torch PROPERTIES
                        INTERFACE_INCLUDE_DIRECTORIES "${PROJECT_BINARY_DIR}/include;${torch_headers}")
  # What shared libraries name themselves and archives do not.
  set_property(TARGET faiss APPEND PROPERTY INTERFACE_LINK_LIBRARIES -l:libgfortran.a -l:libquadmath.a -lm)
  add_library(peculiar_no_network STATIC ${PROJECT_SOURCE_DIR}/cmake/no_network.cc)
  set_property(TARGET PkgConfig::CFITSIO APPEND PROPERTY INTERFACE_LINK_LIBRARIES
               peculiar_no_network -l:libz.a -l:libbz2.a -lm)
  # The symbols of archives stay inside a program with LibTorch, which must not find our BLAS before its own. The C++
  # library stays shared: LibTorch needs it too, and exports parts of it that would mix with one of ours. It is linked
  # first, so that all take those parts from it: LibTorch's std::filesystem::remove_all crashes. A machine that builds
  # need not have all of the wheel's companions.
  set_property(TARGET torch APPEND PROPERTY INTERFACE_LINK_OPTIONS -Wl,--exclude-libs,ALL -Wl,--allow-shlib-undefined
               LINKER:--no-as-needed -lstdc++)
endfunction()

# Each shared library among `libraries` as the archive beside it, where there is one. Those of the C library stay.
function(peculiar_archives_of libraries result)
  set(archives "")
  foreach(library IN LISTS libraries)
    string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
    if(library MATCHES "^/usr/lib/.*\\.so[.0-9]*$" AND NOT library MATCHES "/lib(m|dl|rt|pthread|gomp)\\.so"
           AND EXISTS "${archive}")
      list(APPEND archives "${archive}")
    else()
      list(APPEND archives "${library}")
    endif()
  endforeach()
  set(${result} "${archives}" PARENT_SCOPE)
endfunction()

# peculiar_find_libraries_by_origin(program): installed, the program looks beside its bin/ for lib/peculiar/torch, a link
# to the wheel's folder, and in lib/peculiar for what Debian has no archive of, which is copied there.
function(peculiar_find_libraries_by_origin program)
  set(origin "$ORIGIN/../lib/peculiar")
  set(path "${origin}:${origin}/torch/lib")
  if(peculiar_cudart)
    cmake_path(GET peculiar_cudart PARENT_PATH cudart_folder)
    cmake_path(RELATIVE_PATH cudart_folder BASE_DIRECTORY "${PECULIAR_TORCH}")
    string(APPEND path ":${origin}/torch/${cudart_folder}")
  endif()
  set_target_properties(${program} PROPERTIES INSTALL_RPATH "${path}")
  foreach(library libhwy.so.1 libisal.so.2)
    file(REAL_PATH "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/${library}" file)
    install(FILES "${file}" DESTINATION lib/peculiar RENAME ${library})
  endforeach()
endfunction()
