#include "app/application_context.h"

#include "app/chat_archive.h"
#include "app/inference_queue.h"
#include "app/log_history.h"
#include "app/metrics_history.h"
#include "app/model_library.h"
#include "app/model_session.h"
#include "app/planner.h"
#include "app/settings_store.h"

namespace nibble {

ApplicationContext::ApplicationContext(const AppPaths& paths, const EngineDoor& door, QObject* parent)
    : QObject(parent),
      m_paths(paths),
      m_door(door),
      m_log(std::make_unique<LogHistory>()),
      m_settings(std::make_unique<SettingsStore>(paths.config)),
      m_chats(std::make_unique<ChatArchive>(paths.data)),
      m_library(std::make_unique<ModelLibrary>(door, *m_settings)),
      m_inference(std::make_unique<InferenceQueue>(door)),
      m_model(std::make_unique<ModelSession>(*m_inference, *m_library, *m_settings)),
      m_planner(std::make_unique<Planner>(door)),
      m_metrics(std::make_unique<MetricsHistory>()),
      m_sampler(std::make_unique<MetricsSampler>(*m_inference, *m_metrics)) {
  connect(m_planner.get(), &Planner::devicesChanged, this, [this] {
    // Without a model the monitor watches the card with most free memory, else the machine's own memory.
    const DeviceInfo* best = nullptr;
    for (const DeviceInfo& device : m_planner->devices()) {
      if (!device.usable) continue;
      const bool card = device.id != "cpu";
      if (!best || (card && (best->id == "cpu" || device.freeBytes > best->freeBytes))) best = &device;
    }
    if (best) m_sampler->setIdleDevice(*best);
  });
  m_planner->refresh();
}

ApplicationContext::~ApplicationContext() = default;

}  // namespace nibble
