// The model that is loaded, or being loaded: one state for the dock, the chat page and the title. Requests go to the
// inference queue; predicted and measured memory of the last loads are remembered.
#pragma once
#include <QDateTime>
#include <QElapsedTimer>
#include <QObject>
#include <vector>

#include "app/inference_queue.h"
#include "app/model_library.h"
#include "app/settings_store.h"

namespace nibble {

struct LoadRecord {
  QDateTime when;
  QString model, precision, device;
  qint64 predictedBytes = 0;
  qint64 measuredBytes = 0;
  QString error;                 ///< technical detail of a failed load; empty after a good one
};

class ModelSession : public QObject {
  Q_OBJECT
 public:
  enum class State { none, loading, ready, unloading };

  ModelSession(InferenceQueue& queue, ModelLibrary& library, SettingsStore& settings, QObject* parent = nullptr);

  void load(const LoadRequest& request);
  void cancelLoad();
  void unload();

  State state() const { return m_state; }
  const std::optional<ModelInfo>& info() const { return m_queue.model(); }
  const std::optional<LoadReport>& report() const { return m_report; }
  const LoadRequest& request() const { return m_request; }      ///< of the last load asked for
  const LoadProgress& progress() const { return m_progress; }
  double bytesPerSecond() const;                                ///< of the load under way
  const std::optional<Error>& lastError() const { return m_lastError; }
  void clearError();
  const std::vector<LoadRecord>& records() const { return m_records; }  ///< newest first, at most ten

 signals:
  void changed();       ///< state, info, report or lastError
  void progressed();

 private:
  void remember(const LoadRecord& record);

  InferenceQueue& m_queue;
  ModelLibrary& m_library;
  SettingsStore& m_settings;
  State m_state = State::none;
  RunId m_run = 0;
  LoadRequest m_request;
  LoadProgress m_progress;
  std::optional<LoadReport> m_report;
  std::optional<Error> m_lastError;
  std::vector<LoadRecord> m_records;
};

}  // namespace nibble
