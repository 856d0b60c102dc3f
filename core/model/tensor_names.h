// Where each family keeps its tensors: a table of names, no code per family.
#pragma once
#include <string>
#include <string_view>

#include "core/model/model_config.h"
#include "core/precision/recipe.h"

namespace nibble {

/// Names without the layer's prefix and without ".weight" or ".bias".
struct TensorNames {
  std::string_view embedding, finalNorm, head;
  std::string_view inputNorm, postNorm;
  std::string_view matrices[kLayerMatrixCount];  ///< by MatrixRole; query, key and value empty where `fusedQkv` is set
  std::string_view fusedQkv;                     ///< InternLM2: rows interleaved per KV group
  std::string_view queryNorm, keyNorm;           ///< empty where the family has none
};

const TensorNames& tensorNames(Family family);

/// "model.layers.3." + name + suffix
std::string layerTensor(int layer, std::string_view name, std::string_view suffix);

}  // namespace nibble
