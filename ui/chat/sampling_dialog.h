// Sampling values of one's own, the seed, and how long an answer may become.
#pragma once
#include <QDialog>
#include <QJsonObject>

#include "app/engine_types.h"

class QDoubleSpinBox;
class QFormLayout;
class QLineEdit;
class QSpinBox;

namespace nibble {

class SamplingDialog : public QDialog {
  Q_OBJECT
 public:
  SamplingDialog(const QJsonObject& sampling, const SamplingOptions& suggested, QWidget* parent = nullptr);
  QJsonObject sampling() const;

 private:
  QDoubleSpinBox* addValue(QFormLayout* form, const char* name, const QString& label, const QString& tip, double low, double high, double value);
  QSpinBox* addCount(QFormLayout* form, const char* name, const QString& label, const QString& tip, int low, int high, int value);

  QDoubleSpinBox *m_temperature, *m_topP, *m_minP, *m_repetition, *m_presence, *m_frequency;
  QSpinBox *m_topK, *m_maxTokens;
  QLineEdit* m_seed;
};

}  // namespace nibble
