// The answers of a comparison side by side, one column a precision; the text from the first divergence on is marked.
#pragma once
#include <QWidget>

#include "app/comparison.h"

class QComboBox;
class QHBoxLayout;
class QLabel;

namespace nibble {

class AnswersView : public QWidget {
  Q_OBJECT
 public:
  explicit AnswersView(QWidget* parent = nullptr);
  void setComparison(const Comparison& comparison);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void rebuild();
  QWidget* makeColumn(const ComparisonRow& row, const QString& reference, int prompt);

  Comparison m_comparison;
  QLabel* m_promptLabel;
  QComboBox* m_promptBox;
  QWidget* m_columns;
  QHBoxLayout* m_columnsLayout;
  QLabel* m_empty;
};

}  // namespace nibble
