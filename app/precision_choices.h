// The precisions a person can pick, best first, as recipes of the engine. Their names and one-sentence explanations are
// worded in ui, by id.
#pragma once
#include <QString>
#include <vector>

#include "app/engine_types.h"

namespace nibble {

struct PrecisionChoice {
  QString id;      ///< "bf16", "q8", "q4-mixed", "q4", "nf4", "nf4-dq": what settings and comparisons keep
  Recipe recipe;
};

std::vector<PrecisionChoice> precisionChoices();
/// The choice of that id, else the recommended one.
PrecisionChoice precisionChoice(const QString& id);
/// The id of a recipe ("q4-mixed"), or the layers' format name for one that is not among the choices.
QString precisionId(const Recipe& recipe);

}  // namespace nibble
