// Names and one-sentence explanations of the precisions, by the ids of app/precision_choices.
#pragma once
#include <QString>

namespace nibble {

/// "4-bit (k/v 8-bit)", "NF4"; the id itself for one that is not known.
QString precisionName(const QString& id);

/// What it is, in one sentence, for tooltips.
QString precisionExplanation(const QString& id);

}  // namespace nibble
