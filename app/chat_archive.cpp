#include "app/chat_archive.h"

namespace nibble {

ChatArchive::ChatArchive(const QString& folder, QObject* parent) : QObject(parent), m_background("chats") {
  m_background.run(this, [this, folder]() -> Result<void> {
    auto store = ChatStore::open(folder);
    if (!store) {
      m_openError = store.error();
      return fail(store.error());
    }
    m_store = std::move(*store);
    return {};
  }, [this](const Result<void>& outcome) {
    if (!outcome) return emit failed(outcome.error());
    emit opened(m_store->interruptedFound(), m_store->brokenFile());
  });
}

ChatArchive::~ChatArchive() {
  m_background.post([this] { m_store.reset(); });  // SQLite connections are closed where they were opened
  m_background.finish();
}

}  // namespace nibble
