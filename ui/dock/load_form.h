// The controls of the model dock: which model, in which precision, with how much context, and under "more" the cache, the
// compute type, the device. Their sum is a LoadRequest.
#pragma once
#include <QWidget>

#include "app/engine_types.h"
#include "ui/ui_context.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QSlider;
class QSpinBox;
class QToolButton;

namespace nibble {

class LoadForm : public QWidget {
  Q_OBJECT
 public:
  explicit LoadForm(UiContext& ui, QWidget* parent = nullptr);

  /// Nothing if no model is chosen.
  std::optional<LoadRequest> request() const;
  void show(const LoadRequest& request);         ///< sets the controls to it
  void selectModel(const QString& path);
  void focusModel();
  void focusDevice();

 signals:
  void changed();
  void addFolderWanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void buildLayout();
  void buildMore();
  void connectSignals();
  void restoreState();
  void saveState();
  void retranslate();
  QComboBox* makeCombo(const char* name);
  QLabel* addRow(QFormLayout* form, QWidget* field);
  void fillPrecisions();
  void fillDevices();
  void fitContextRange();
  ComputeType automaticCompute() const;
  std::string chosenDevice() const;

  UiContext& m_ui;
  QComboBox* m_model;
  QToolButton* m_add;
  QComboBox* m_precision;
  QSlider* m_contextSlider;
  QSpinBox* m_context;
  QToolButton* m_moreButton;
  QWidget* m_more;
  QComboBox* m_kv;
  QComboBox* m_compute;
  QComboBox* m_activations;
  QComboBox* m_device;
  QSpinBox* m_threads;
  QCheckBox* m_embeddingOnHost;
  QLabel *m_modelLabel, *m_precisionLabel, *m_contextLabel, *m_kvLabel, *m_computeLabel, *m_activationsLabel, *m_deviceLabel, *m_threadsLabel;
  bool m_filling = false;
};

}  // namespace nibble
