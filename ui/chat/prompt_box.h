// Where a question is typed. Enter sends, Shift+Enter breaks the line, Enter while an input method composes never sends.
// Beside it: send or stop, the system prompt, sampling, the rendered prompt, and the tokens used of the context.
#pragma once
#include <QPlainTextEdit>

#include "ui/ui_context.h"

class QLabel;
class QMenu;
class QPushButton;
class QToolButton;

namespace nibble {

class ChatSession;

/// The editor itself: grows from one to eight lines.
class PromptEdit : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit PromptEdit(QWidget* parent = nullptr);

 signals:
  void sendWanted();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void inputMethodEvent(QInputMethodEvent* event) override;
  void insertFromMimeData(const QMimeData* source) override;
  void changeEvent(QEvent* event) override;

 private:
  void fitHeight();
  bool m_composing = false;
};

class PromptBox : public QWidget {
  Q_OBJECT
 public:
  PromptBox(UiContext& ui, ChatSession& session, QWidget* parent = nullptr);

  void focusPrompt();
  void setText(const QString& text);
  QString text() const;
  void send();

 signals:
  void systemPromptWanted();
  void samplingWanted();           ///< values of one's own
  void renderedPromptWanted();
  void modelWanted();              ///< sent without a model

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void buildLayout();
  void connectSignals();
  void rebuildSamplingMenu();
  void showActivity();
  void showContext();
  void fitTools();
  void retranslate();

  UiContext& m_ui;
  ChatSession& m_session;
  PromptEdit* m_edit;
  QPushButton* m_send;
  QPushButton* m_stop;
  QToolButton* m_systemPrompt;
  QToolButton* m_sampling;
  QToolButton* m_rendered;
  QMenu* m_samplingMenu;
  QLabel* m_activity;
  QLabel* m_context;
  QTimer* m_draftTimer;
  QString m_sending;               // given to the session, not yet on disk
};

/// "Precise", "The model's own" … by the ids of app/sampling_presets.
QString samplingPresetName(const QString& id);

}  // namespace nibble
