# mj_embed_data(TARGET FOLDER): compiles the YAML files of FOLDER's sub-folders into TARGET as `mj::embedded_files`.
function(mj_embed_data target folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*/*.yaml)
  set(output ${PROJECT_BINARY_DIR}/generated/embedded_data.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DFILES=${files}" -P ${PROJECT_SOURCE_DIR}/cmake/WriteEmbeddedData.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/WriteEmbeddedData.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
