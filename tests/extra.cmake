# Tests that run the built command line need it built.
if(TARGET nibble-cli)
  foreach(source ${test_sources})
    if(source MATCHES "^app/cli/")
      string(REGEX REPLACE "\\.cpp$" "" name ${source})
      string(REPLACE "/" "_" name ${name})
      string(REPLACE "_test_" "_" name ${name})
      add_dependencies(${name} nibble-cli)
    endif()
  endforeach()
endif()

# Programs that are neither a Qt test nor a plain benchmark.
if(NIBBLE_HAS_CUDA)
  # Checks and times the CUDA decode kernels alone; prints, exits with 1 if a check fails.
  add_executable(bench_kernels bench/bench_kernels.cu bench/bench_kernels_check.cu bench/bench_kernels_step.cu)
  target_compile_options(bench_kernels PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>)
  target_link_libraries(bench_kernels PRIVATE nibble_kernels_cuda)
  set_target_properties(bench_kernels PROPERTIES CUDA_RUNTIME_LIBRARY Static)
endif()

# The program itself under a virtual display, driven by real keys and clicks; 77: skipped, with the reason.
if(TARGET nibble)
  add_test(NAME ui_smoke_xvfb COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ui/smoke_xvfb.sh $<TARGET_FILE:nibble>)
  set_tests_properties(ui_smoke_xvfb PROPERTIES LABELS ui TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()
