// One message: who speaks, the text, figures, and what can be done with it (copy, edit, regenerate, other branches).
#pragma once
#include <QWidget>

#include "app/chat_types.h"
#include "ui/ui_context.h"

class QHBoxLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace nibble {

class MessageBody;

struct BranchPlace { int index = 0, count = 1; };

class MessageWidget : public QWidget {
  Q_OBJECT
 public:
  MessageWidget(UiContext& ui, const ChatMessage& message, BranchPlace branch, QWidget* parent = nullptr);

  MessageId id() const { return m_message.id; }
  void grow(const QString& text);
  void update(const ChatMessage& message, BranchPlace branch);   ///< state and figures; a finished text is rendered whole
  void setBusy(bool busy);             ///< nothing can be asked now
  bool isEditing() const { return m_editor != nullptr; }
  int fit(int width);                  ///< lays out for this width; the height it needs

 signals:
  void copyWanted(nibble::MessageId id);
  void regenerateWanted(nibble::MessageId id);
  void edited(nibble::MessageId id, const QString& text);
  void branchWanted(nibble::MessageId id, int step);
  void resized();                      ///< its height has changed by itself

 protected:
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  bool isUser() const { return m_message.role == "user"; }
  void buildLayout();
  void buildFoot();
  QToolButton* addButton(const char* name, const QString& icon, QHBoxLayout* row);
  void showContent();
  void showState();
  void retranslate();
  QString speakerText() const;
  QString figuresText() const;
  QString stateText() const;
  void beginEdit();
  void endEdit(bool send);

  UiContext& m_ui;
  ChatMessage m_message;
  BranchPlace m_branch;
  QVBoxLayout* m_column = nullptr;
  QHBoxLayout* m_head = nullptr;
  QLabel* m_speaker = nullptr;
  MessageBody* m_body = nullptr;
  QLabel* m_state = nullptr;
  QLabel* m_figures = nullptr;
  QToolButton* m_copy = nullptr;
  QToolButton* m_edit = nullptr;
  QToolButton* m_regenerate = nullptr;
  QWidget* m_branches = nullptr;
  QToolButton* m_previous = nullptr;
  QToolButton* m_next = nullptr;
  QLabel* m_branchLabel = nullptr;
  QWidget* m_editor = nullptr;
  QPlainTextEdit* m_editText = nullptr;
  bool m_busy = false;
};

}  // namespace nibble
