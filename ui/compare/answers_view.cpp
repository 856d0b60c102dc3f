#include "ui/compare/answers_view.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "ui/charts/chart_style.h"

namespace nibble {

AnswersView::AnswersView(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("answersView"));
  m_promptLabel = new QLabel(this);
  m_promptBox = new QComboBox(this);
  m_promptBox->setObjectName(QStringLiteral("answersPrompt"));
  m_promptBox->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_promptBox->setMinimumContentsLength(20);
  m_promptLabel->setBuddy(m_promptBox);
  m_columns = new QWidget(this);
  m_columnsLayout = new QHBoxLayout(m_columns);
  m_columnsLayout->setContentsMargins(0, 0, 0, 0);
  m_empty = new QLabel(this);
  m_empty->setAlignment(Qt::AlignCenter);
  m_empty->setWordWrap(true);
  m_empty->setForegroundRole(QPalette::PlaceholderText);
  auto* area = new QScrollArea(this);
  area->setWidgetResizable(true);
  area->setFrameShape(QFrame::NoFrame);
  area->setWidget(m_columns);
  area->setObjectName(QStringLiteral("answersScroll"));
  auto* top = new QHBoxLayout;
  top->addWidget(m_promptLabel);
  top->addWidget(m_promptBox, 1);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(m_empty, 1);
  layout->addWidget(area, 1);
  connect(m_promptBox, &QComboBox::currentIndexChanged, this, &AnswersView::rebuild);
  retranslate();
  rebuild();
}

void AnswersView::retranslate() {
  m_promptLabel->setText(tr("&Prompt:"));
  m_promptBox->setAccessibleName(tr("Prompt whose answers are shown"));
  m_empty->setText(tr("The answers of every precision will stand here side by side."));
}

void AnswersView::setComparison(const Comparison& comparison) {
  const bool samePrompts = comparison.id == m_comparison.id && comparison.request.prompts == m_comparison.request.prompts;
  m_comparison = comparison;
  if (!samePrompts) {
    const QSignalBlocker blocker(m_promptBox);
    m_promptBox->clear();
    for (const QString& prompt : comparison.request.prompts) m_promptBox->addItem(prompt.simplified().left(120));
  }
  rebuild();
}

QWidget* AnswersView::makeColumn(const ComparisonRow& row, const QString& reference, int prompt) {
  auto* column = new QWidget(m_columns);
  auto* title = new QLabel(QStringLiteral("<b>%1</b>").arg(row.entry.label.toHtmlEscaped()), column);
  auto* note = new QLabel(column);
  note->setForegroundRole(QPalette::PlaceholderText);
  auto* text = new QTextBrowser(column);
  text->setObjectName(QStringLiteral("answer_%1").arg(row.entry.label));
  text->setAccessibleName(tr("Answer of %1").arg(row.entry.label));
  text->setOpenLinks(false);
  text->setMinimumWidth(220);
  if (!row.error.isEmpty()) {
    text->setPlainText(row.error);
  } else if (prompt < row.answers.size()) {
    const ComparisonAnswer& answer = row.answers[prompt];
    const qsizetype from = firstDivergence(reference, answer.text);
    text->setPlainText(answer.text);
    if (from >= 0) {
      QTextCursor cursor(text->document());
      cursor.setPosition(static_cast<int>(std::min<qsizetype>(from, answer.text.size())));
      cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
      QTextCharFormat marked;
      QColor color = seriesColor(1);
      color.setAlphaF(0.22F);
      marked.setBackground(color);
      cursor.mergeCharFormat(marked);
    }
    const QString divergence = &row == &m_comparison.rows.first() ? tr("reference") : from < 0 ? tr("same answer") : tr("differs from character %1").arg(from + 1);
    note->setToolTip(tr("Decoded tokens a second, seconds until the first token, and where the answer first differs from the reference's"));
    note->setText(tr("%1 tok/s · %2 s · %3").arg(numberText(answer.decodeTokensPerSecond), numberText(answer.firstTokenSeconds), divergence));
  }
  note->setWordWrap(true);
  auto* layout = new QVBoxLayout(column);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(title);
  layout->addWidget(note);
  layout->addWidget(text, 1);
  return column;
}

void AnswersView::rebuild() {
  while (QLayoutItem* item = m_columnsLayout->takeAt(0)) {
    item->widget()->deleteLater();
    delete item;
  }
  const int prompt = std::max(0, m_promptBox->currentIndex());
  const bool any = !m_comparison.rows.isEmpty();
  m_empty->setVisible(!any);
  if (!any) return;
  const ComparisonRow& first = m_comparison.rows.first();
  const QString reference = prompt < first.answers.size() ? first.answers[prompt].text : QString();
  for (const ComparisonRow& row : m_comparison.rows) m_columnsLayout->addWidget(makeColumn(row, reference, prompt));
}

void AnswersView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) {
    retranslate();
    rebuild();
  }
  QWidget::changeEvent(event);
}

}  // namespace nibble
