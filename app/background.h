// A thread that does one thing after the other and hands each outcome back to the GUI thread. Keeps disk and system
// calls off the event loop.
#pragma once
#include <QObject>
#include <QPointer>
#include <QThread>
#include <utility>

namespace nibble {

class Background : public QObject {
 public:
  explicit Background(const QString& name, QObject* parent = nullptr) : QObject(parent), m_worker(new QObject) {
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    m_thread.setObjectName(name);
    m_thread.start();
  }
  /// Finishes everything asked for so far; outcomes not yet handed back are dropped.
  ~Background() override {
    QMetaObject::invokeMethod(m_worker, [thread = &m_thread] { thread->quit(); }, Qt::QueuedConnection);
    m_thread.wait();
  }

  /// `work` runs there, in order; `then(outcome)` runs here, unless `context` is gone by then.
  template <typename Work, typename Then>
  void run(QObject* context, Work work, Then then) {
    QMetaObject::invokeMethod(m_worker, [this, context = QPointer<QObject>(context), work = std::move(work), then = std::move(then)]() mutable {
      auto outcome = work();
      QMetaObject::invokeMethod(this, [context, then = std::move(then), outcome = std::move(outcome)]() mutable {
        if (context) then(std::move(outcome));
      }, Qt::QueuedConnection);
    }, Qt::QueuedConnection);
  }

  /// Work whose outcome nobody waits for.
  template <typename Work>
  void post(Work work) {
    QMetaObject::invokeMethod(m_worker, std::move(work), Qt::QueuedConnection);
  }

  /// Waits until everything asked for so far is done (at the end of the program, in tests).
  void finish() {
    QMetaObject::invokeMethod(m_worker, [] {}, Qt::BlockingQueuedConnection);
  }

 private:
  QThread m_thread;
  QObject* m_worker;
};

}  // namespace nibble
