// The chat store behind a thread, for the window: ask a question, get the answer back on the GUI thread, in order.
#pragma once
#include <QObject>

#include "app/background.h"
#include "app/chat_store.h"

namespace nibble {

class ChatArchive : public QObject {
  Q_OBJECT
 public:
  explicit ChatArchive(const QString& folder, QObject* parent = nullptr);
  ~ChatArchive() override;  ///< what was posted is written first

  /// `work(store)` runs on the store's thread and returns a Result<…>; `then` gets it on this one. If the database could
  /// not be opened, `then` gets that error.
  template <typename Work, typename Then>
  void ask(QObject* context, Work work, Then then) {
    m_background.run(context, [this, work = std::move(work)]() mutable -> decltype(work(std::declval<ChatStore&>())) {
      if (!m_store) return fail(m_openError);
      return work(*m_store);
    }, [this, then = std::move(then)](auto&& outcome) mutable {
      if (!outcome) emit failed(outcome.error());
      then(std::forward<decltype(outcome)>(outcome));
    });
  }
  /// For writes that nobody waits for; an error is still told through failed().
  template <typename Work>
  void post(Work work) {
    ask(this, std::move(work), [](auto&&) {});
  }
  void finish() { m_background.finish(); }  ///< waits until everything posted is on disk

 signals:
  void opened(int interrupted, const QString& brokenFile);
  void failed(const nibble::Error& error);   ///< a write or read did not succeed

 private:
  std::unique_ptr<ChatStore> m_store;        // touched on the background thread only
  Error m_openError;
  Background m_background;
};

}  // namespace nibble
