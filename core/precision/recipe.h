// A recipe says in which format each weight matrix of a model is held, and how activations are rounded in products.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/precision/format.h"

namespace nibble {

/// The weight matrices of a model, by role. The first seven exist in every layer.
enum class MatrixRole : std::uint8_t { query, key, value, attentionOutput, gate, up, down, embedding, head };
constexpr int kLayerMatrixCount = 7;
std::string_view matrixRoleName(MatrixRole role);  ///< "q_proj", "k_proj", … , "embedding", "head"

struct RecipeOverride {
  MatrixRole role;
  int firstLayer = 0;  ///< inclusive
  int lastLayer = 0;   ///< inclusive; INT_MAX: to the last
  Format format;
  bool operator==(const RecipeOverride&) const = default;
};

struct Recipe {
  std::string name;                       ///< shown to people: "4-bit (k/v 8-bit)"; empty: made from the formats
  Format layers = Format::q4;             ///< every linear layer of the blocks that no override names
  std::vector<RecipeOverride> overrides;  ///< later ones win
  Format embedding = Format::q8;
  Format head = Format::q8;
  int activationBits = 8;                 ///< 8, 16 or 32: activations of products in decoding
  ComputeType compute = ComputeType::f32;

  Format formatOf(MatrixRole role, int layer) const;
  bool operator==(const Recipe&) const = default;
};

/// A format's name with the defaults of precision.md: head and embedding q8 (16-bit where the layers are; everything f32 for f32).
Recipe uniformRecipe(Format layers);

/// A format's name, or the path of a recipe's JSON file
/// {"name", "layers": "q4", "overrides": [{"role": "k_proj", "layers": [0, 47], "format": "q8"}], "embedding", "head", "activations", "compute"}.
/// Errors: fileMissing, fileMalformed (field named), wrongUsage for an unknown format name.
Result<Recipe> readRecipe(const std::string& nameOrPath);
std::string recipeToJson(const Recipe& recipe);

/// The dock's default: 4-bit layers with k and v at 8 bits.
Recipe recommendedRecipe();

}  // namespace nibble
