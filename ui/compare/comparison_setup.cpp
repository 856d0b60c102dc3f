#include "ui/compare/comparison_setup.h"

#include <QCheckBox>
#include <QEvent>
#include <QFile>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "app/application_context.h"
#include "app/error_text.h"
#include "app/precision_choices.h"
#include "ui/dialogs.h"
#include "ui/precision_text.h"

namespace nibble {

namespace {

QListWidget* checkList(const char* name, QWidget* parent) {
  auto* list = new QListWidget(parent);
  list->setObjectName(QString::fromLatin1(name));
  list->setUniformItemSizes(true);
  return list;
}

void addCheck(QListWidget* list, const QString& text, const QString& data, bool checked) {
  auto* item = new QListWidgetItem(text, list);
  item->setData(Qt::UserRole, data);
  item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
  item->setCheckState(checked ? Qt::Checked : Qt::Unchecked);
}

QStringList checkedData(const QListWidget* list) {
  QStringList found;
  for (int i = 0; i < list->count(); ++i) {
    if (list->item(i)->checkState() == Qt::Checked) found << list->item(i)->data(Qt::UserRole).toString();
  }
  return found;
}

}  // namespace

ComparisonSetup::ComparisonSetup(UiContext& ui, ComparisonStore& store, QWidget* parent)
    : QWidget(parent), m_ui(ui), m_library(ui.app.library()), m_store(store) {
  setObjectName(QStringLiteral("comparisonSetup"));
  buildLayout();
  fillModels();
  fillPrecisions();
  fillKept();
  retranslate();
  connectSignals();
  setRunning(false);
}

void ComparisonSetup::buildLayout() {
  const auto label = [this] { return new QLabel(this); };
  const auto button = [this](const char* name) {
    auto* made = new QPushButton(this);
    made->setObjectName(QString::fromLatin1(name));
    return made;
  };
  m_modelsLabel = label(), m_precisionsLabel = label(), m_promptsLabel = label(), m_tokensLabel = label(), m_seedLabel = label();
  m_bytesLabel = label(), m_keptLabel = label();
  m_models = checkList("compareModels", this);
  m_models->setMaximumHeight(88);
  m_precisions = checkList("comparePrecisions", this);
  m_precisions->setMaximumHeight(150);
  m_prompts = new QPlainTextEdit(this);
  m_prompts->setObjectName(QStringLiteral("comparePrompts"));
  m_prompts->setTabChangesFocus(true);
  m_prompts->setMaximumHeight(96);
  m_promptFile = button("comparePromptFile");
  m_tokens = new QSpinBox(this), m_seed = new QSpinBox(this), m_bytes = new QSpinBox(this);
  m_tokens->setObjectName(QStringLiteral("compareTokens"));
  m_tokens->setRange(1, 4096);
  m_tokens->setValue(96);
  m_seed->setObjectName(QStringLiteral("compareSeed"));
  m_seed->setRange(0, INT_MAX);
  m_bytes->setObjectName(QStringLiteral("compareBytes"));
  m_bytes->setRange(2, 10000);
  m_bytes->setValue(20);
  m_bytes->setSuffix(QStringLiteral(" kB"));
  m_evaluate = new QCheckBox(this);
  m_evaluate->setObjectName(QStringLiteral("compareEvaluate"));
  m_text = new QLineEdit(this);
  m_text->setObjectName(QStringLiteral("compareText"));
  m_textFile = button("compareTextFile");
  m_run = button("compareRun");
  m_run->setDefault(true);
  m_cancel = button("compareCancel");
  m_kept = new QListWidget(this);
  m_kept->setObjectName(QStringLiteral("compareKept"));
  m_remove = button("compareRemove");
  m_modelsLabel->setBuddy(m_models), m_precisionsLabel->setBuddy(m_precisions), m_promptsLabel->setBuddy(m_prompts);
  m_tokensLabel->setBuddy(m_tokens), m_seedLabel->setBuddy(m_seed), m_bytesLabel->setBuddy(m_bytes), m_keptLabel->setBuddy(m_kept);

  const auto row = [](std::initializer_list<QWidget*> widgets) {
    auto* made = new QHBoxLayout;
    for (QWidget* widget : widgets) made->addWidget(widget, qobject_cast<QLineEdit*>(widget) ? 1 : 0);
    return made;
  };
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->setSpacing(4);
  for (QWidget* widget : std::initializer_list<QWidget*>{m_modelsLabel, m_models, m_precisionsLabel, m_precisions, m_promptsLabel, m_prompts, m_promptFile}) layout->addWidget(widget);
  auto* numbers = row({m_tokensLabel, m_tokens, m_seedLabel, m_seed});
  numbers->addStretch(1);
  layout->addLayout(numbers);
  layout->addWidget(m_evaluate);
  layout->addLayout(row({m_text, m_textFile}));
  auto* bytes = row({m_bytesLabel, m_bytes});
  bytes->addStretch(1);
  layout->addLayout(bytes);
  layout->addLayout(row({m_run, m_cancel}));
  layout->addWidget(m_keptLabel);
  layout->addWidget(m_kept, 1);
  layout->addWidget(m_remove);
}

void ComparisonSetup::connectSignals() {
  connect(&m_library, &QAbstractItemModel::modelReset, this, &ComparisonSetup::fillModels);
  connect(&m_library, &QAbstractItemModel::rowsInserted, this, &ComparisonSetup::fillModels);
  connect(&m_library, &QAbstractItemModel::rowsRemoved, this, &ComparisonSetup::fillModels);
  connect(&m_store, &ComparisonStore::changed, this, &ComparisonSetup::fillKept);
  connect(m_run, &QPushButton::clicked, this, &ComparisonSetup::runRequested);
  connect(m_cancel, &QPushButton::clicked, this, &ComparisonSetup::cancelRequested);
  connect(m_promptFile, &QPushButton::clicked, this, &ComparisonSetup::openPrompts);
  connect(m_textFile, &QPushButton::clicked, this, &ComparisonSetup::chooseText);
  connect(m_kept, &QListWidget::itemActivated, this, [this](const QListWidgetItem* item) { emit openRequested(item->data(Qt::UserRole).toString()); });
  connect(m_kept, &QListWidget::itemClicked, this, [this](const QListWidgetItem* item) { emit openRequested(item->data(Qt::UserRole).toString()); });
  connect(m_kept, &QListWidget::currentRowChanged, this, [this](int current) { m_remove->setEnabled(current >= 0); });
  connect(m_remove, &QPushButton::clicked, this, [this] {
    const QListWidgetItem* item = m_kept->currentItem();
    if (!item) return;
    if (const auto removed = m_store.remove(item->data(Qt::UserRole).toString()); !removed) emit message(errorText(removed.error()).text());
  });
  const auto offerText = [this](bool on) {
    for (QWidget* widget : std::initializer_list<QWidget*>{m_text, m_textFile, m_bytes, m_bytesLabel}) widget->setEnabled(on);
  };
  connect(m_evaluate, &QCheckBox::toggled, this, offerText);
  offerText(false);
}

void ComparisonSetup::retranslate() {
  m_modelsLabel->setText(tr("&Models"));
  m_precisionsLabel->setText(tr("P&recisions (the first is the reference)"));
  m_promptsLabel->setText(tr("Prom&pts, one a line"));
  m_prompts->setPlaceholderText(tr("Tell me a short story about a red ball."));
  m_promptFile->setText(tr("Prompts from a file…"));
  m_tokensLabel->setText(tr("&Tokens"));
  m_seedLabel->setText(tr("&Seed"));
  m_evaluate->setText(tr("Measure quality on a text (perplexity, KL)"));
  m_text->setPlaceholderText(tr("A plain text file"));
  m_textFile->setText(tr("Choose…"));
  m_bytesLabel->setText(tr("&Bytes of it"));
  m_run->setText(tr("Run"));
  m_run->setToolTip(tr("Load each precision in turn, answer every prompt, measure"));
  m_cancel->setText(tr("Cancel"));
  m_keptLabel->setText(tr("&Kept comparisons"));
  m_remove->setText(tr("Delete the chosen one"));
  m_models->setAccessibleName(tr("Models to compare"));
  m_precisions->setAccessibleName(tr("Precisions to compare"));
  m_prompts->setAccessibleName(tr("Prompts, one a line"));
  m_tokens->setAccessibleName(tr("Tokens of an answer"));
  m_seed->setAccessibleName(tr("Seed of the sampler"));
  m_text->setAccessibleName(tr("Text to measure on"));
  m_bytes->setAccessibleName(tr("Bytes of the text"));
  m_kept->setAccessibleName(tr("Kept comparisons"));
  for (int i = 0; i < m_precisions->count(); ++i) {
    QListWidgetItem* item = m_precisions->item(i);
    item->setText(precisionName(item->data(Qt::UserRole).toString()));
    item->setToolTip(precisionExplanation(item->data(Qt::UserRole).toString()));
  }
}

void ComparisonSetup::fillModels() {
  const QStringList before = checkedData(m_models);
  m_models->clear();
  for (const LibraryModel& model : m_library.models()) {
    addCheck(m_models, model.name, model.path, before.isEmpty() ? m_models->count() == 0 : before.contains(model.path));
    m_models->item(m_models->count() - 1)->setToolTip(model.path);
  }
}

void ComparisonSetup::fillPrecisions() {
  const QStringList chosen{QStringLiteral("bf16"), QStringLiteral("q8"), QStringLiteral("nf4"), QStringLiteral("q4")};
  for (const PrecisionChoice& choice : precisionChoices()) addCheck(m_precisions, precisionName(choice.id), choice.id, chosen.contains(choice.id));
}

void ComparisonSetup::fillKept() {
  m_kept->clear();
  for (const ComparisonStore::Item& kept : m_store.items()) {
    auto* item = new QListWidgetItem(kept.title + QStringLiteral(" · ") + QLocale().toString(kept.time, QLocale::ShortFormat), m_kept);
    item->setData(Qt::UserRole, kept.id);
    item->setToolTip(item->text());
  }
  m_remove->setEnabled(false);
}

void ComparisonSetup::openPrompts() {
  const QString path = m_ui.dialogs.openFile(this, tr("Prompts from a file"), {}, tr("Text, one prompt a line (*.txt);;All files (*)"));
  if (path.isEmpty()) return;
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    emit message(tr("%1 could not be read: %2").arg(path, file.errorString()));
    return;
  }
  m_prompts->setPlainText(QString::fromUtf8(file.read(1 << 20)));
}

void ComparisonSetup::chooseText() {
  const QString path = m_ui.dialogs.openFile(this, tr("A text to measure on"), m_text->text(), tr("Text (*.txt *.md);;All files (*)"));
  if (!path.isEmpty()) m_text->setText(path);
}

ComparisonRequest ComparisonSetup::request() const {
  ComparisonRequest request;
  const QStringList models = checkedData(m_models);
  for (const QString& path : models) {
    const int index = m_library.indexOf(path);
    const QString name = index >= 0 ? m_library.models()[static_cast<std::size_t>(index)].name : path;
    for (const QString& id : checkedData(m_precisions)) {
      const QString precision = precisionName(id);
      request.entries.append({path, name, id, models.size() > 1 ? name + QStringLiteral(" · ") + precision : precision});
    }
  }
  for (const QString& line : m_prompts->toPlainText().split('\n')) {
    if (!line.trimmed().isEmpty()) request.prompts << line.trimmed();
  }
  if (request.prompts.isEmpty()) request.prompts << m_prompts->placeholderText();
  request.maxTokens = m_tokens->value();
  request.sampling.seed = static_cast<std::uint64_t>(m_seed->value());
  if (m_evaluate->isChecked()) request.evaluationText = m_text->text().trimmed();
  request.evaluationBytes = static_cast<std::int64_t>(m_bytes->value()) * 1000;
  return request;
}

void ComparisonSetup::setRunning(bool running) {
  m_run->setEnabled(!running);
  m_cancel->setEnabled(running);
  m_kept->setEnabled(!running);
}

void ComparisonSetup::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QWidget::changeEvent(event);
}

}  // namespace nibble
