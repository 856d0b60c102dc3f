// Recipes that need no file: a format's name with the defaults of the design, and the recommended one.
#include "core/precision/recipe.h"

#include <array>
#include <climits>

namespace nibble {
namespace {

constexpr std::array<std::string_view, 9> kRoleNames = {"q_proj",  "k_proj",    "v_proj",    "o_proj", "gate_proj",
                                                        "up_proj", "down_proj", "embedding", "head"};

}  // namespace

std::string_view matrixRoleName(MatrixRole role) { return kRoleNames[static_cast<std::size_t>(role)]; }

Format Recipe::formatOf(MatrixRole role, int layer) const {
  if (role == MatrixRole::embedding) return embedding;
  if (role == MatrixRole::head) return head;
  Format format = layers;
  for (const RecipeOverride& entry : overrides) {
    if (entry.role == role && entry.firstLayer <= layer && layer <= entry.lastLayer) format = entry.format;
  }
  return format;
}

Recipe uniformRecipe(Format layers) {
  Recipe recipe;
  recipe.layers = layers;
  if (isQuantized(layers)) {
    recipe.compute = ComputeType::bf16;  // the range of fp32: no activation of a published model overflows it
    return recipe;
  }
  recipe.embedding = layers;
  recipe.head = layers;
  recipe.activationBits = layers == Format::f32 ? 32 : 16;
  recipe.compute = layers == Format::f32 ? ComputeType::f32 : layers == Format::f16 ? ComputeType::f16 : ComputeType::bf16;
  return recipe;
}

Recipe recommendedRecipe() {
  Recipe recipe = uniformRecipe(Format::q4);
  recipe.name = "4-bit, k/v 8-bit";
  recipe.overrides = {{MatrixRole::key, 0, INT_MAX, Format::q8}, {MatrixRole::value, 0, INT_MAX, Format::q8}};
  return recipe;
}

}  // namespace nibble
