// Prices load requests against the memory free right now, on a thread of its own: the newest question wins, and free
// memory is read again every two seconds while somebody is looking.
#pragma once
#include <QObject>
#include <QTimer>

#include "app/background.h"
#include "app/engine_door.h"
#include "app/memory_users.h"

namespace nibble {

/// One way to make a model fit, and what it costs.
struct FitOption {
  LoadRequest request;
  MemoryPlan plan;
};

class Planner : public QObject {
  Q_OBJECT
 public:
  explicit Planner(const EngineDoor& door, QObject* parent = nullptr);

  void setRequest(const LoadRequest& request);   ///< planned() follows, and again whenever free memory has changed
  void clearRequest();
  void refresh();                                ///< devices and plan again, now
  void findFits(const LoadRequest& wanted);      ///< fitsFound() follows with at most three plans that fit
  const std::vector<DeviceInfo>& devices() const { return m_devices; }
  /// The largest programs in the machine's memory, as of the last planning.
  const std::vector<MemoryUser>& memoryUsers() const { return m_users; }

 signals:
  void planned(const nibble::LoadRequest& request, const nibble::MemoryPlan& plan);
  void planFailed(const nibble::LoadRequest& request, const nibble::Error& error);
  void fitsFound(const std::vector<nibble::FitOption>& options);
  void devicesChanged();

 private:
  void plan();

  EngineDoor m_door;
  LoadRequest m_request;
  bool m_hasRequest = false, m_planning = false, m_again = false;
  std::vector<DeviceInfo> m_devices;
  std::vector<MemoryUser> m_users;
  QTimer m_timer;
  Background m_background;
};

/// At most three ways to load `wanted` that `plan` says fit: the embedding in main memory, a smaller context with an 8-bit
/// cache, a narrower precision, another device. Ordered from the smallest change to the largest. Pure; slow only as `plan` is.
std::vector<FitOption> fitOptions(const LoadRequest& wanted, const std::function<Result<MemoryPlan>(const LoadRequest&)>& plan);

}  // namespace nibble
