// The open conversation and what goes on in it: asking, streaming, stopping, regenerating, editing, branching. The user's
// message is on disk before inference begins; the answer is written every 500 ms while it streams. An answer goes on, and
// is kept, while another chat is opened.
#pragma once
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include "app/chat_archive.h"
#include "app/inference_queue.h"
#include "app/message_list_model.h"

namespace nibble {

class ApplicationContext;

class ChatSession : public QObject {
  Q_OBJECT
 public:
  enum class Activity { idle, committing, waiting, prefilling, streaming };

  explicit ChatSession(ApplicationContext& app, QObject* parent = nullptr);
  ~ChatSession() override;    ///< a streaming answer is stopped and kept as far as it came

  void startNew();                                ///< an empty chat, stored with its first message
  void open(ChatId id);
  ChatId currentId() const { return m_chat.id; }
  const ChatSummary& chat() const { return m_chat; }
  bool isStored() const { return m_stored; }
  MessageListModel& messages() { return m_messages; }

  void ask(const QString& text);
  void regenerate(MessageId answer);              ///< a new branch beside the answer
  void edit(MessageId question, const QString& text);  ///< a new branch beside the question, and an answer to it
  void selectBranch(MessageId message, int step); ///< −1: the sibling before, +1: the one after
  void stop();

  void setTitle(const QString& title);
  void setSystemPrompt(const QString& prompt);
  void setSampling(const QJsonObject& sampling);
  void setDraft(const QString& draft);

  /// What would be sent for the shown branch; nextQuestion is appended if it is not empty.
  std::vector<ChatTurn> turns(const QString& nextQuestion = {}) const;

  Activity activity() const { return m_activity; }
  bool busy() const { return m_activity != Activity::idle; }
  ChatId answeringChat() const { return m_answer.chat; }
  qint64 contextUsed() const { return m_contextUsed; }   ///< tokens of the shown branch, as of its last answer
  qint64 prefillDone() const { return m_prefillDone; }
  qint64 prefillTotal() const { return m_prefillTotal; }

 signals:
  void opened();                                  ///< another chat is shown
  void activityChanged();
  void contextChanged();
  void chatChanged();                             ///< title, system prompt or sampling of the open chat
  void listChanged();                             ///< the list of chats is to be read again
  void refused(const nibble::Error& error);       ///< nothing was done, nothing was lost: the text is still the caller's
  void accepted();                                ///< ask() or edit(): the message is on disk

 private:
  void connectQueue();
  void commit(const ChatMessage& question, bool newChat);
  void answer(const ChatMessage& question);
  std::vector<ChatTurn> turnsUpTo(MessageId last) const;
  void begin(const ChatMessage& answer);
  void finish(MessageState state, const QString& error = {});
  void saveAnswer();
  void save();
  void setActivity(Activity activity);
  void refreshContextUsed();
  QString modelLabel() const;

  ApplicationContext& m_app;
  ChatSummary m_chat;
  bool m_stored = false;
  MessageListModel m_messages;
  Activity m_activity = Activity::idle;
  RunId m_run = 0;
  ChatMessage m_answer;           // the answer being written, whatever chat is shown
  bool m_answerDirty = false;
  bool m_stopWanted = false;
  QTimer m_saveTimer;
  qint64 m_contextUsed = 0, m_prefillDone = 0, m_prefillTotal = 0;
};

}  // namespace nibble
