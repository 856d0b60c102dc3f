// Walks every widget of every page, dock and dialog, in both languages and at two sizes: controls have an object name, an
// accessible name and a place in the tab order; no text is clipped; in Chinese nothing is left in English.
#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QAction>
#include <QComboBox>
#include <QDialog>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTextEdit>
#include <QToolButton>

#include "app/chat_session.h"
#include "app/model_session.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"

using namespace nibble;
using namespace nibble::test;

namespace {
bool isControl(const QWidget* widget) {
  return qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QComboBox*>(widget) || qobject_cast<const QLineEdit*>(widget) ||
         qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QTextEdit*>(widget) || qobject_cast<const QPlainTextEdit*>(widget) ||
         qobject_cast<const QAbstractItemView*>(widget) || (qobject_cast<const QAbstractSlider*>(widget) && !qobject_cast<const QScrollBar*>(widget));
}

/// Parts of composite widgets that Qt makes itself.
bool isInner(const QWidget* widget) {
  const QString name = widget->objectName();
  const QWidget* parent = widget->parentWidget();
  return name.startsWith("qt_") || qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent) ||
         qobject_cast<const QLineEdit*>(parent) || qobject_cast<const QDockWidget*>(parent) || parent->inherits("QComboBoxPrivateContainer") ||
         parent->inherits("QHeaderView") || widget->inherits("QHeaderView") || widget->inherits("QTableCornerButton") || parent->inherits("QTableView") ||
         parent->inherits("QTabBar");
}

QString path(const QWidget* widget) {
  QStringList names;
  for (; widget; widget = widget->parentWidget()) names.prepend(widget->objectName().isEmpty() ? widget->metaObject()->className() : widget->objectName());
  return names.join('/');
}

QString textOf(const QWidget* widget) {
  if (const auto* label = qobject_cast<const QLabel*>(widget)) return label->text();
  if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) return button->text();
  if (const auto* box = qobject_cast<const QComboBox*>(widget)) return box->currentText();
  return {};
}

/// What is the same in every language: names, formats, paths, units, what the user or a model wrote.
bool mayBeLatin(const QWidget* widget, const QString& text) {
  static const QStringList owned = {"messageText", "chatList",   "modelBox",     "dialogText",   "placesLabel", "othersLabel", "deviceBox", "languageButton",
                                    "languageBox", "codeText",   "suggestion_0", "suggestion_1", "suggestion_2", "speaker",     "noticeText"};
  if (owned.contains(widget->objectName())) return true;
  static const QRegularExpression words("[A-Za-z]{4,}");
  static const QRegularExpression known("Llama-Nibble-Tales-13M|sample-model|Scripted CPU|tok/s|JSON|Markdown|CUDA|RMS|bf16|safetensors|config\\.json|python");
  QString rest = text;
  rest.remove(known);
  return !words.match(rest).hasMatch();
}

bool hasHan(const QString& text) {
  return std::any_of(text.begin(), text.end(), [](QChar c) { return c.script() == QChar::Script_Han; });
}
}  // namespace

class TestWidgetWalk : public QObject {
  Q_OBJECT
 private slots:
  void everyPage_data() {
    QTest::addColumn<bool>("chinese");
    QTest::addColumn<QSize>("size");
    for (const bool chinese : {false, true}) {
      QTest::addRow("%s 1280", chinese ? "zh" : "en") << chinese << QSize(1280, 800);
      QTest::addRow("%s 960", chinese ? "zh" : "en") << chinese << QSize(960, 600);
    }
  }

  void everyPage() {
    QFETCH(bool, chinese);
    QFETCH(QSize, size);
    m_chinese = chinese;
    WindowFixture fixture;
    fixture.appearance->setLanguage(chinese ? LanguageMode::chinese : LanguageMode::english);
    fixture.window->resize(size);
    fixture.find<QToolButton>("moreButton")->setChecked(true);
    walk(fixture.window.get(), "start");
    LoadRequest request;
    request.model = fixture.script.sample->string();
    request.recipe = recommendedRecipe();
    request.context = 1024;
    fixture.context->model().load(request);
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::ready);
    walk(fixture.window.get(), "ready");
    auto& session = fixture.find<ChatPage>("chatPage")->session();
    session.ask("hello");
    QTRY_VERIFY(!session.busy() && session.messages().rowCount() == 2);
    walk(fixture.window.get(), "chat");
    fixture.window->dock("log")->show();
    walk(fixture.window.get(), "log");
    fixture.window->dock("log")->hide();
    fixture.window->showPage("compare");
    walk(fixture.window.get(), "compare");
    fixture.window->showPage("chat");
    for (const char* name : {"settings", "shortcuts", "diagnostics", "about"}) walkDialog(fixture, QString(name) + "Action", QString(name) + "Dialog");
    fixture.find<QToolButton>("systemPromptButton")->click();
    walkOpen(fixture, "systemPromptDialog");
    fixture.window->findChild<QAction*>("sampling_custom")->trigger();
    walkOpen(fixture, "samplingDialog");
    fixture.find<QToolButton>("renderedPromptButton")->click();
    walkOpen(fixture, "renderedPromptDialog");
    QVERIFY2(m_faults.isEmpty(), qPrintable("\n" + m_faults.join('\n')));
  }

  void cleanup() { m_faults.clear(); }

 private:
  void walkDialog(WindowFixture& fixture, const QString& action, const QString& dialog) {
    fixture.window->findChild<QAction*>(action)->trigger();
    walkOpen(fixture, dialog);
  }
  void walkOpen(WindowFixture& fixture, const QString& name) {
    auto* dialog = fixture.window->findChild<QDialog*>(name);
    QVERIFY2(dialog, qPrintable(name));
    QTest::qWait(50);
    if (m_chinese && !hasHan(dialog->windowTitle())) fault(dialog, "the title is not translated");
    walk(dialog, name);
    dialog->close();
  }

  void walk(QWidget* root, const QString& where) {
    QTest::qWait(120);  // layouts and the planner settle
    m_where = where;
    for (QWidget* widget : root->findChildren<QWidget*>()) {
      if (!widget->isVisible() || isInner(widget)) continue;
      if (isControl(widget)) checkControl(widget);
      checkText(widget);
    }
  }

  void checkControl(QWidget* widget) {
    if (widget->objectName().isEmpty()) fault(widget, "no object name");
    QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
    if (!accessible || accessible->text(QAccessible::Name).trimmed().isEmpty()) fault(widget, "no accessible name");
    if (widget->isEnabled() && !(widget->focusPolicy() & Qt::TabFocus)) fault(widget, "not reachable by the tab key");
  }

  void checkText(QWidget* widget) {
    const QString text = textOf(widget);
    if (text.trimmed().isEmpty()) return;
    if (m_chinese && !hasHan(text) && !mayBeLatin(widget, text)) fault(widget, "not translated: " + text);
    const auto* label = qobject_cast<QLabel*>(widget);
    const bool fixed = (label && !label->wordWrap() && label->sizePolicy().horizontalPolicy() != QSizePolicy::Ignored) || qobject_cast<QAbstractButton*>(widget);
    if (fixed && widget->minimumSizeHint().width() > widget->width() + 1) fault(widget, QString("clipped: %1 of %2 px, %3").arg(widget->width()).arg(widget->minimumSizeHint().width()).arg(text));
    if (label && label->wordWrap() && label->heightForWidth(label->width()) > label->height() + 2) fault(widget, "too low: " + text);
    const QWidget* parent = widget->parentWidget();
    if (!widget->visibleRegion().isEmpty() && parent->inherits("QWidget") && widget->geometry().right() > parent->width() + 1) fault(widget, "beyond its parent: " + text);
  }

  void fault(const QWidget* widget, const QString& what) {
    const QString line = QString("%1: %2: %3").arg(m_where, path(widget), what);
    if (!m_faults.contains(line)) m_faults << line;
  }

  bool m_chinese = false;
  QString m_where;
  QStringList m_faults;
};

QTEST_MAIN(TestWidgetWalk)
#include "test_widget_walk.moc"
