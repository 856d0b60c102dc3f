// The plan's bytes by part against the memory there is: weights, KV cache, workspace, context, what other programs hold,
// and what stays free. Numbers come as a plan; nothing is computed twice.
#pragma once
#include <QWidget>
#include <vector>

#include "app/engine_types.h"
#include "ui/ui_context.h"

namespace nibble {

/// One coloured stretch of the bar.
struct BudgetPart {
  QString name;
  double bytes = 0;
  int color = 0;         ///< index of ThemeColors::parts
};

/// The plan's parts on its device, merged into weights, KV cache, workspace and context.
std::vector<BudgetPart> budgetParts(const MemoryPlan& plan);

class BudgetBar : public QWidget {
  Q_OBJECT
 public:
  explicit BudgetBar(UiContext& ui, QWidget* parent = nullptr);

  /// `capacity`: the device's whole memory; `others`: held by other programs and the system.
  void setPlan(const MemoryPlan& plan, double capacity, double others);
  void clear();
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool event(QEvent* event) override;

 private:
  void rebuild();

  UiContext& m_ui;
  MemoryPlan m_plan;
  std::vector<BudgetPart> m_parts;     // others last
  double m_capacity = 0, m_others = 0;
};

}  // namespace nibble
