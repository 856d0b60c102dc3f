#include "app/precision_choices.h"

#include <algorithm>

namespace nibble {

namespace {
PrecisionChoice uniform(Format format) {
  const auto name = formatName(format);
  return {QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())), uniformRecipe(format)};
}
}  // namespace

std::vector<PrecisionChoice> precisionChoices() {
  return {uniform(Format::f32), uniform(Format::bf16), uniform(Format::f16), uniform(Format::q8),
          {"q4-mixed", recommendedRecipe()}, uniform(Format::q4), uniform(Format::nf4), uniform(Format::nf4dq)};
}

PrecisionChoice precisionChoice(const QString& id) {
  const auto choices = precisionChoices();
  const auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& choice) { return choice.id == id; });
  return found != choices.end() ? *found : PrecisionChoice{"q4-mixed", recommendedRecipe()};
}

QString precisionId(const Recipe& recipe) {
  for (const PrecisionChoice& choice : precisionChoices()) {
    Recipe candidate = choice.recipe;
    candidate.name = recipe.name;
    candidate.compute = recipe.compute;
    candidate.activationBits = recipe.activationBits;
    if (candidate.layers == recipe.layers && candidate.embedding == recipe.embedding && candidate.head == recipe.head &&
        candidate.overrides.size() == recipe.overrides.size()) {
      return choice.id;
    }
  }
  return uniform(recipe.layers).id;
}

}  // namespace nibble
