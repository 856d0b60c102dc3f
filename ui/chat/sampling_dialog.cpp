#include "ui/chat/sampling_dialog.h"

#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QSpinBox>

#include "app/sampling_presets.h"

namespace nibble {

SamplingDialog::SamplingDialog(const QJsonObject& sampling, const SamplingOptions& suggested, QWidget* parent) : QDialog(parent) {
  setObjectName("samplingDialog");
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("Sampling"));
  const SamplingOptions now = optionsOf(sampling, suggested);
  auto* form = new QFormLayout(this);
  m_temperature = addValue(form, "temperature", tr("&Temperature"), tr("Higher is more surprising; 0 always takes the likeliest word."), 0, 2, now.temperature);
  m_topK = addCount(form, "topK", tr("Top-&k"), tr("Only the k likeliest words are drawn from; 0 is all of them."), 0, 1000, now.topK);
  m_topP = addValue(form, "topP", tr("Top-&p"), tr("Only the likeliest words that together reach this probability are drawn from; 1 is all of them."), 0.01, 1, now.topP);
  m_minP = addValue(form, "minP", tr("&Min-p"), tr("Words less likely than this share of the likeliest one are never drawn; 0 is off."), 0, 1, now.minP);
  m_repetition = addValue(form, "repetitionPenalty", tr("&Repetition penalty"), tr("Above 1, words that have occurred become less likely."), 0.5, 2, now.repetitionPenalty);
  m_presence = addValue(form, "presencePenalty", tr("Pr&esence penalty"), tr("Taken once from every word that has occurred in the answer."), -2, 2, now.presencePenalty);
  m_frequency = addValue(form, "frequencyPenalty", tr("&Frequency penalty"), tr("Taken from a word for each time it has occurred in the answer."), -2, 2, now.frequencyPenalty);
  m_maxTokens = addCount(form, "maxTokens", tr("&Longest answer, tokens"), tr("An answer ends here even if it is not finished."), 1, 1'000'000, maxTokensOf(sampling));
  m_seed = new QLineEdit(sampling.contains("seed") ? QString::number(sampling.value("seed").toInteger()) : QString(), this);
  m_seed->setObjectName("seed");
  m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression("[0-9]{0,15}"), m_seed));
  m_seed->setPlaceholderText(tr("different every time"));
  m_seed->setToolTip(tr("The same number gives the same answer again."));
  m_seed->setAccessibleName(tr("Seed"));
  form->addRow(tr("&Seed"), m_seed);
  auto* buttons = new QDialogButtonBox(this);
  auto* use = buttons->addButton(tr("Use"), QDialogButtonBox::AcceptRole);
  use->setObjectName("samplingUse");
  use->setProperty("primary", true);
  buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole)->setObjectName("samplingCancel");
  form->addRow(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

QDoubleSpinBox* SamplingDialog::addValue(QFormLayout* form, const char* name, const QString& label, const QString& tip, double low, double high, double value) {
  auto* box = new QDoubleSpinBox(this);
  box->setObjectName(name);
  box->setRange(low, high);
  box->setDecimals(2);
  box->setSingleStep(0.05);
  box->setValue(value);
  box->setToolTip(tip);
  box->setAccessibleName(QString(label).remove('&'));
  form->addRow(label, box);
  return box;
}

QSpinBox* SamplingDialog::addCount(QFormLayout* form, const char* name, const QString& label, const QString& tip, int low, int high, int value) {
  auto* box = new QSpinBox(this);
  box->setObjectName(name);
  box->setRange(low, high);
  box->setValue(value);
  box->setToolTip(tip);
  box->setAccessibleName(QString(label).remove('&'));
  form->addRow(label, box);
  return box;
}

QJsonObject SamplingDialog::sampling() const {
  SamplingOptions options;
  options.temperature = static_cast<float>(m_temperature->value());
  options.topK = m_topK->value();
  options.topP = static_cast<float>(m_topP->value());
  options.minP = static_cast<float>(m_minP->value());
  options.repetitionPenalty = static_cast<float>(m_repetition->value());
  options.presencePenalty = static_cast<float>(m_presence->value());
  options.frequencyPenalty = static_cast<float>(m_frequency->value());
  QJsonObject out = customSampling(options);
  out.insert("maxTokens", m_maxTokens->value());
  if (const qint64 seed = m_seed->text().toLongLong(); seed > 0) out.insert("seed", seed);
  return out;
}

}  // namespace nibble
