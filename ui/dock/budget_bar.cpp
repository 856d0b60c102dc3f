#include "ui/dock/budget_bar.h"

#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include "app/units.h"
#include "ui/appearance.h"

namespace nibble {

namespace {
constexpr int kBarHeight = 20;
constexpr int kOthersColor = 4;
constexpr int kFreeColor = 5;

int colorOf(PartKind kind) {
  switch (kind) {
    case PartKind::weights: case PartKind::head: case PartKind::embedding: return 0;
    case PartKind::kvCache: return 1;
    case PartKind::workspace: case PartKind::staging: return 2;
    case PartKind::deviceContext: return 3;
  }
  return 2;
}
}  // namespace

std::vector<BudgetPart> budgetParts(const MemoryPlan& plan) {
  const QString names[] = {BudgetBar::tr("weights"), BudgetBar::tr("KV cache"), BudgetBar::tr("workspace"), BudgetBar::tr("CUDA context")};
  double bytes[4] = {};
  for (const PlanPart& part : plan.parts) {
    if (part.device == plan.device) bytes[colorOf(part.kind)] += static_cast<double>(part.bytes);
  }
  std::vector<BudgetPart> out;
  for (int i = 0; i < 4; ++i) {
    if (bytes[i] > 0) out.push_back({names[i], bytes[i], i});
  }
  return out;
}

BudgetBar::BudgetBar(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui) {
  setObjectName("budgetBar");
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  rebuild();
}

QSize BudgetBar::sizeHint() const {
  const int legendLines = (static_cast<int>(m_parts.size()) + 1) / 2;
  return {200, kBarHeight + 6 + std::max(1, legendLines) * (fontMetrics().lineSpacing() + 2)};
}

void BudgetBar::setPlan(const MemoryPlan& plan, double capacity, double others) {
  m_plan = plan;
  m_capacity = capacity;
  m_others = others;
  rebuild();
}

void BudgetBar::clear() { setPlan({}, 0, 0); }

void BudgetBar::rebuild() {
  m_parts = budgetParts(m_plan);
  if (m_others > 0) m_parts.push_back({tr("others"), m_others, kOthersColor});
  QStringList spoken;
  for (const BudgetPart& part : m_parts) spoken << QString("%1 %2").arg(part.name, bytesText(part.bytes));
  setAccessibleName(tr("Memory budget"));
  setAccessibleDescription(tr("%1; %2 in all").arg(spoken.join(", "), bytesText(m_capacity)));
  updateGeometry();
  update();
}

void BudgetBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const ThemeColors& colors = m_ui.appearance.colors();
  const QRectF bar(0.5, 0.5, width() - 1, kBarHeight - 1);
  double total = 0;
  for (const BudgetPart& part : m_parts) total += part.bytes;
  const double scale = std::max(m_capacity, total);
  QPainterPath outline;
  outline.addRoundedRect(bar, 4, 4);
  painter.fillPath(outline, colors.parts[kFreeColor]);
  painter.save();
  painter.setClipPath(outline);
  double x = bar.left();
  for (const BudgetPart& part : m_parts) {
    const double width = scale > 0 ? part.bytes / scale * bar.width() : 0;
    painter.fillRect(QRectF(x, bar.top(), width, bar.height()), colors.parts[static_cast<std::size_t>(part.color)]);
    x += width;
    painter.fillRect(QRectF(x - 1, bar.top(), 1, bar.height()), colors.window);
  }
  painter.restore();
  if (total > m_capacity && m_capacity > 0) {  // what does not fit stands beyond the card's end
    const double end = bar.left() + m_capacity / scale * bar.width();
    painter.setPen(QPen(colors.bad, 2));
    painter.drawLine(QPointF(end, bar.top() - 1), QPointF(end, bar.bottom() + 1));
  }
  painter.setPen(QPen(colors.hairline, 1));
  painter.drawPath(outline);
  const int line = fontMetrics().lineSpacing() + 2;
  const int column = width() / 2;
  for (std::size_t i = 0; i < m_parts.size(); ++i) {
    const int left = static_cast<int>(i % 2) * column;
    const int top = kBarHeight + 6 + static_cast<int>(i / 2) * line;
    painter.fillRect(QRect(left, top + line / 2 - 5, 9, 9), colors.parts[static_cast<std::size_t>(m_parts[i].color)]);
    painter.setPen(colors.quiet);
    const QString text = QString("%1 %2").arg(m_parts[i].name, bytesText(m_parts[i].bytes));
    painter.drawText(QRect(left + 14, top, column - 16, line), Qt::AlignLeft | Qt::AlignVCenter, fontMetrics().elidedText(text, Qt::ElideRight, column - 16));
  }
}

bool BudgetBar::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    QStringList lines;
    for (const PlanPart& part : m_plan.parts) {
      lines << QString("%1: %2 (%3)").arg(QString::fromStdString(part.name), bytesText(static_cast<double>(part.bytes)), QString::fromStdString(part.device));
    }
    QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), lines.join('\n').toHtmlEscaped().replace('\n', "<br>"), this);
    return true;
  }
  return QWidget::event(event);
}

void BudgetBar::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) rebuild();
  if (event->type() == QEvent::PaletteChange) update();
  QWidget::changeEvent(event);
}

}  // namespace nibble
