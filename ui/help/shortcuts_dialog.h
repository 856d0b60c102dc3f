// All shortcuts in one table, taken from the window's own actions so that the list cannot be wrong.
#pragma once
#include <QDialog>

class QMainWindow;

namespace nibble {

class ShortcutsDialog : public QDialog {
  Q_OBJECT
 public:
  explicit ShortcutsDialog(QWidget* window);
};

}  // namespace nibble
