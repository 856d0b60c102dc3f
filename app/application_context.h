// Owns everything the window works with and hands it out by reference; made in main (or a test), never a singleton.
#pragma once
#include <QObject>
#include <memory>

#include "app/app_paths.h"
#include "app/engine_door.h"

namespace nibble {

class ChatArchive;
class InferenceQueue;
class LogHistory;
class MetricsHistory;
class MetricsSampler;
class ModelLibrary;
class ModelSession;
class Planner;
class SettingsStore;

class ApplicationContext : public QObject {
  Q_OBJECT
 public:
  ApplicationContext(const AppPaths& paths, const EngineDoor& door, QObject* parent = nullptr);
  ~ApplicationContext() override;  ///< stops inference, then closes the stores

  const AppPaths& paths() const { return m_paths; }
  const EngineDoor& door() const { return m_door; }
  SettingsStore& settings() { return *m_settings; }
  ChatArchive& chats() { return *m_chats; }
  ModelLibrary& library() { return *m_library; }
  InferenceQueue& inference() { return *m_inference; }
  ModelSession& model() { return *m_model; }
  Planner& planner() { return *m_planner; }
  MetricsHistory& metrics() { return *m_metrics; }
  LogHistory& log() { return *m_log; }

 private:
  // Destroyed from the last to the first.
  AppPaths m_paths;
  EngineDoor m_door;
  std::unique_ptr<LogHistory> m_log;
  std::unique_ptr<SettingsStore> m_settings;
  std::unique_ptr<ChatArchive> m_chats;
  std::unique_ptr<ModelLibrary> m_library;
  std::unique_ptr<InferenceQueue> m_inference;
  std::unique_ptr<ModelSession> m_model;
  std::unique_ptr<Planner> m_planner;
  std::unique_ptr<MetricsHistory> m_metrics;
  std::unique_ptr<MetricsSampler> m_sampler;
};

}  // namespace nibble
