// Settings: look, language, text size, where things are kept, and all chats at once (export, import, delete).
#pragma once
#include <QDialog>

#include "ui/ui_context.h"

class QBoxLayout;
class QComboBox;
class QFormLayout;
class QLabel;
class QPushButton;

namespace nibble {

class SettingsDialog : public QDialog {
  Q_OBJECT
 public:
  explicit SettingsDialog(UiContext& ui, QWidget* parent = nullptr);

 signals:
  void exportChatsWanted();
  void importChatsWanted();
  void deleteChatsWanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  QComboBox* addChoice(QFormLayout* form, const char* name, QLabel*& label);
  QPushButton* addAction(const char* name, QBoxLayout* row);
  void connectSignals();
  void retranslate();

  UiContext& m_ui;
  QComboBox *m_theme, *m_language, *m_textSize;
  QLabel *m_themeLabel, *m_languageLabel, *m_textSizeLabel, *m_chatsLabel, *m_placesLabel, *m_places, *m_network;
  QPushButton *m_export, *m_import, *m_delete, *m_close;
  bool m_filling = false;
};

}  // namespace nibble
