#include "ui/precision_text.h"

#include <QCoreApplication>
#include <array>

namespace nibble {

namespace {

struct Words {
  const char* id;
  const char* name;
  const char* explanation;
};

constexpr const char* kContext = "Precision";

constexpr std::array<Words, 8> kWords{{
    {"f32", QT_TRANSLATE_NOOP("Precision", "32-bit"), QT_TRANSLATE_NOOP("Precision", "Every weight as a 32-bit float: exact, four bytes a weight, for measuring only.")},
    {"bf16", QT_TRANSLATE_NOOP("Precision", "16-bit (bf16)"), QT_TRANSLATE_NOOP("Precision", "The weights as most models publish them: two bytes a weight, nothing lost.")},
    {"f16", QT_TRANSLATE_NOOP("Precision", "16-bit (f16)"), QT_TRANSLATE_NOOP("Precision", "Half floats: two bytes a weight, finer steps and a smaller range than bf16.")},
    {"q8", QT_TRANSLATE_NOOP("Precision", "8-bit"), QT_TRANSLATE_NOOP("Precision", "Half the memory of 16-bit; the answers can hardly be told apart.")},
    {"q4-mixed", QT_TRANSLATE_NOOP("Precision", "4-bit (k/v 8-bit)"), QT_TRANSLATE_NOOP("Precision", "4-bit weights, with the small and sensitive k and v matrices at 8 bits: recommended.")},
    {"q4", QT_TRANSLATE_NOOP("Precision", "4-bit"), QT_TRANSLATE_NOOP("Precision", "A little more than a quarter of the memory of 16-bit, with some loss of quality.")},
    {"nf4", QT_TRANSLATE_NOOP("Precision", "NF4"), QT_TRANSLATE_NOOP("Precision", "The 4-bit format of bitsandbytes and QLoRA, bit for bit.")},
    {"nf4-dq", QT_TRANSLATE_NOOP("Precision", "NF4, double quantization"), QT_TRANSLATE_NOOP("Precision", "NF4 with its scales in 8 bits as well: the smallest, as bitsandbytes does it.")},
}};

const Words* wordsOf(const QString& id) {
  for (const Words& words : kWords) {
    if (id == QLatin1String(words.id)) return &words;
  }
  return nullptr;
}

}  // namespace

QString precisionName(const QString& id) {
  const Words* words = wordsOf(id);
  return words ? QCoreApplication::translate(kContext, words->name) : id;
}

QString precisionExplanation(const QString& id) {
  const Words* words = wordsOf(id);
  return words ? QCoreApplication::translate(kContext, words->explanation) : QString();
}

}  // namespace nibble
