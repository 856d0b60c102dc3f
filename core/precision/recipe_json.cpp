// Recipes as JSON: what a planner saves, a person edits and --precision reads.
#include <climits>
#include <vector>

#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/precision/recipe.h"

namespace nibble {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;
constexpr int kRoleCount = static_cast<int>(MatrixRole::head) + 1;

Result<Format> formatField(const JsonFields& fields, std::string_view key, Format fallback) {
  NIBBLE_TRY(const std::string name, fields.stringOr(key, std::string(formatName(fallback))));
  const std::optional<Format> format = formatFromName(name);
  if (!format) return fields.wrong(key, "no format is named \"" + name + "\"");
  return *format;
}

Result<MatrixRole> roleField(const JsonFields& fields) {
  NIBBLE_TRY(const std::string name, fields.string("role"));
  for (int i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<MatrixRole>(i);
    if (matrixRoleName(role) == name && i < kLayerMatrixCount) return role;
  }
  return fields.wrong("role", "no matrix of a layer is named \"" + name + "\"");
}

Result<RecipeOverride> readOverride(const JsonFields& fields) {
  RecipeOverride entry{};
  NIBBLE_TRY(entry.role, roleField(fields));
  entry.lastLayer = INT_MAX;
  if (fields.has("layers")) {
    NIBBLE_TRY(const JsonValue layers, fields.array("layers"));
    std::vector<std::int64_t> range;
    for (const auto& item : layers.items()) {
      if (!item.value().isInteger() || item.value().integer() < 0 || item.value().integer() > INT_MAX) {
        return fields.wrong("layers", "expected two layer numbers");
      }
      range.push_back(item.value().integer());
    }
    if (range.size() != 2 || range[0] > range[1]) return fields.wrong("layers", "expected [first, last]");
    entry.firstLayer = static_cast<int>(range[0]);
    entry.lastLayer = static_cast<int>(range[1]);
  }
  if (!fields.has("format")) return fields.wrong("format", "missing");
  NIBBLE_TRY(entry.format, formatField(fields, "format", Format::q4));
  return entry;
}

Result<void> readOverrides(const JsonFields& fields, Recipe& recipe) {
  if (!fields.has("overrides")) return {};
  NIBBLE_TRY(const JsonValue overrides, fields.array("overrides"));
  std::size_t index = 0;
  for (const auto& item : overrides.items()) {
    const std::string path = fields.pathOf("overrides") + "[" + std::to_string(index++) + "]";
    if (!item.value().isObject()) return fields.wrong("overrides", "expected objects");
    NIBBLE_TRY(const RecipeOverride entry, readOverride(JsonFields(item.value(), fields.file(), path)));
    recipe.overrides.push_back(entry);
  }
  return {};
}

Result<Recipe> readRecipeFile(const std::string& path) {
  NIBBLE_TRY(const JsonDocument document, JsonDocument::open(path, kMaxBytes));
  if (!document.root().isObject()) return fail(ErrorCode::fileMalformed, "a recipe is a JSON object", path);
  const JsonFields fields(document.root(), path);
  if (!fields.has("layers")) return fields.wrong("layers", "missing");
  NIBBLE_TRY(const Format layers, formatField(fields, "layers", Format::q4));
  Recipe recipe = uniformRecipe(layers);
  NIBBLE_TRY(recipe.name, fields.stringOr("name", ""));
  NIBBLE_TRY(recipe.embedding, formatField(fields, "embedding", recipe.embedding));
  NIBBLE_TRY(recipe.head, formatField(fields, "head", recipe.head));
  NIBBLE_TRY(const std::int64_t bits, fields.integerOr("activations", recipe.activationBits, 8, 32));
  if (bits != 8 && bits != 16 && bits != 32) return fields.wrong("activations", "expected 8, 16 or 32");
  recipe.activationBits = static_cast<int>(bits);
  NIBBLE_TRY(const std::string compute, fields.stringOr("compute", std::string(computeTypeName(recipe.compute))));
  const std::optional<ComputeType> type = computeTypeFromName(compute);
  if (!type) return fields.wrong("compute", "no compute type is named \"" + compute + "\"");
  recipe.compute = *type;
  NIBBLE_CHECK(readOverrides(fields, recipe));
  return recipe;
}

std::string quotedName(std::string_view name) { return "\"" + std::string(name) + "\""; }

}  // namespace

Result<Recipe> readRecipe(const std::string& nameOrPath) {
  if (const std::optional<Format> format = formatFromName(nameOrPath)) return uniformRecipe(*format);
  const bool isPath = nameOrPath.ends_with(".json") || nameOrPath.find('/') != std::string::npos;
  if (!isPath) return fail(ErrorCode::wrongUsage, "no format or recipe is named \"" + nameOrPath + "\"", {}, "precision");
  return readRecipeFile(nameOrPath);
}

std::string recipeToJson(const Recipe& recipe) {
  std::string text = "{\"name\": " + jsonQuoted(recipe.name) + ", \"layers\": " + quotedName(formatName(recipe.layers)) + ", \"overrides\": [";
  for (std::size_t i = 0; i < recipe.overrides.size(); ++i) {
    const RecipeOverride& entry = recipe.overrides[i];
    text += std::string(i > 0 ? ", " : "") + "{\"role\": " + quotedName(matrixRoleName(entry.role)) + ", \"layers\": [" +
            std::to_string(entry.firstLayer) + ", " + std::to_string(entry.lastLayer) + "], \"format\": " +
            quotedName(formatName(entry.format)) + "}";
  }
  return text + "], \"embedding\": " + quotedName(formatName(recipe.embedding)) + ", \"head\": " + quotedName(formatName(recipe.head)) +
         ", \"activations\": " + std::to_string(recipe.activationBits) + ", \"compute\": " + quotedName(computeTypeName(recipe.compute)) + "}";
}

}  // namespace nibble
