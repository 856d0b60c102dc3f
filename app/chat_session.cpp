#include "app/chat_session.h"

#include <algorithm>

#include "app/application_context.h"
#include "app/error_text.h"
#include "app/model_library.h"
#include "app/model_session.h"
#include "app/precision_choices.h"
#include "app/sampling_presets.h"

namespace nibble {

namespace {
constexpr int kSaveIntervalMs = 500;
constexpr int kTitleLength = 60;

QString titleFrom(const QString& question) {
  const QString line = question.trimmed().section('\n', 0, 0).simplified();
  return line.size() <= kTitleLength ? line : line.left(kTitleLength - 1) + "…";
}

ChatMessage newMessage(ChatId chat, MessageId parent, const QString& role, const QString& content) {
  ChatMessage message;
  message.id = newChatId();
  message.chat = chat;
  message.parent = parent;
  message.role = role;
  message.content = content;
  message.created = QDateTime::currentDateTimeUtc();
  return message;
}
}  // namespace

ChatSession::ChatSession(ApplicationContext& app, QObject* parent) : QObject(parent), m_app(app), m_messages(this) {
  m_saveTimer.setInterval(kSaveIntervalMs);
  connect(&m_saveTimer, &QTimer::timeout, this, &ChatSession::saveAnswer);
  connectQueue();
  startNew();
}

ChatSession::~ChatSession() {
  if (m_run == 0) return;
  m_app.inference().stop(m_run);
  m_answer.state = MessageState::stopped;
  m_answerDirty = true;
  saveAnswer();
}

void ChatSession::connectQueue() {
  InferenceQueue& queue = m_app.inference();
  connect(&queue, &InferenceQueue::runStarted, this, [this](RunId run) {
    if (run == m_run) setActivity(Activity::prefilling);
  });
  connect(&queue, &InferenceQueue::prefillProgressed, this, [this](RunId run, qint64 done, qint64 total) {
    if (run != m_run) return;
    m_prefillDone = done;
    m_prefillTotal = total;
    emit activityChanged();
  });
  connect(&queue, &InferenceQueue::textArrived, this, [this](RunId run, const QString& text, const GenerateEvent& last) {
    if (run != m_run) return;  // late text of a stopped run
    setActivity(Activity::streaming);
    m_answer.content += text;
    m_answer.figures.newTokens = last.newTokens;
    m_answer.figures.promptTokens = last.promptTokens;
    m_answerDirty = true;
    if (m_answer.chat == m_chat.id) {
      m_messages.grow(m_answer.id, text);
      m_contextUsed = last.contextUsed;
      emit contextChanged();
    }
  });
  connect(&queue, &InferenceQueue::generated, this, [this](RunId run, const GenerateResult& result) {
    if (run != m_run) return;
    m_answer.content = QString::fromStdString(result.text);
    const GenerateStatistics& statistics = result.statistics;
    m_answer.figures = {statistics.promptTokens, statistics.newTokens, statistics.decodeTokensPerSecond, statistics.firstTokenSeconds};
    finish(result.stop == StopReason::cancelled ? MessageState::stopped : MessageState::complete);
  });
  connect(&queue, &InferenceQueue::failed, this, [this](RunId run, const Error& error) {
    if (run != m_run) return;
    if (error.code == ErrorCode::cancelled) return finish(MessageState::stopped);
    const ErrorText words = errorText(error);
    finish(MessageState::failed, words.text());
  });
}

void ChatSession::startNew() {
  m_chat = {};
  m_chat.id = newChatId();
  m_stored = false;
  m_messages.reset({});
  m_contextUsed = 0;
  emit opened();
  emit contextChanged();
}

void ChatSession::open(ChatId id) {
  m_app.chats().ask(this, [id](ChatStore& store) { return store.read(id); }, [this](const Result<ChatWithMessages>& content) {
    if (!content) return emit refused(content.error());
    m_chat = content->chat;
    m_stored = true;
    ChatTree tree(*content);
    // The store is a moment behind the answer that is being written.
    if (ChatMessage* live = m_run != 0 ? tree.find(m_answer.id) : nullptr) *live = m_answer;
    m_messages.reset(std::move(tree));
    refreshContextUsed();
    emit opened();
  });
}

void ChatSession::ask(const QString& text) {
  if (busy()) return;
  if (!m_app.model().info()) return emit refused({ErrorCode::wrongUsage, "no model is loaded", {}, {}, 0, 0});
  const bool newChat = !m_stored;
  if (newChat) {
    m_chat.created = m_chat.updated = QDateTime::currentDateTimeUtc();
    if (m_chat.title.isEmpty()) m_chat.title = titleFrom(text);
    m_chat.draft.clear();
  }
  commit(newMessage(m_chat.id, m_messages.tree().leaf(), "user", text), newChat);
}

void ChatSession::edit(MessageId question, const QString& text) {
  const ChatMessage* old = m_messages.tree().find(question);
  if (busy() || !old) return;
  if (!m_app.model().info()) return emit refused({ErrorCode::wrongUsage, "no model is loaded", {}, {}, 0, 0});
  commit(newMessage(m_chat.id, old->parent, "user", text), false);
}

/// The question goes to disk first; only when the database has acknowledged it does the answer begin.
void ChatSession::commit(const ChatMessage& question, bool newChat) {
  m_stopWanted = false;
  setActivity(Activity::committing);
  m_app.chats().ask(this, [chat = m_chat, question, newChat](ChatStore& store) {
    return newChat ? store.beginChat(chat, question) : store.appendMessage(question);
  }, [this, question](const Result<void>& done) {
    if (!done) {
      setActivity(Activity::idle);
      return emit refused(done.error());
    }
    if (question.chat == m_chat.id) {
      m_stored = true;
      m_messages.append(question);
    }
    emit accepted();
    emit listChanged();
    answer(question);
  });
}

void ChatSession::regenerate(MessageId answerId) {
  const ChatMessage* old = m_messages.tree().find(answerId);
  const ChatMessage* question = old ? m_messages.tree().find(old->parent) : nullptr;
  if (busy() || !question) return;
  if (!m_app.model().info()) return emit refused({ErrorCode::wrongUsage, "no model is loaded", {}, {}, 0, 0});
  m_stopWanted = false;
  answer(*question);
}

void ChatSession::answer(const ChatMessage& question) {
  if (question.chat != m_chat.id) return setActivity(Activity::idle);  // another chat was opened meanwhile; the question is kept
  GenerateRequest request;
  request.turns = turnsUpTo(question.id);
  const auto& info = m_app.model().info();
  request.sampling = optionsOf(m_chat.sampling, info ? info->suggestedSampling : SamplingOptions{});
  request.maxTokens = maxTokensOf(m_chat.sampling);
  m_answer = newMessage(m_chat.id, question.id, "assistant", {});
  m_answer.state = MessageState::streaming;
  m_answer.model = modelLabel();
  begin(m_answer);
  if (m_stopWanted) return finish(MessageState::stopped);
  m_run = m_app.inference().generate(request);
  setActivity(Activity::waiting);
}

void ChatSession::begin(const ChatMessage& answer) {
  m_prefillDone = m_prefillTotal = 0;
  m_app.chats().post([answer](ChatStore& store) { return store.appendMessage(answer); });
  m_messages.append(answer);
  m_chat.leaf = answer.id;
  m_saveTimer.start();
}

void ChatSession::saveAnswer() {
  if (!std::exchange(m_answerDirty, false)) return;
  m_app.chats().post([answer = m_answer](ChatStore& store) { return store.updateMessage(answer); });
}

void ChatSession::finish(MessageState state, const QString& error) {
  m_saveTimer.stop();
  m_answer.state = state;
  m_answer.error = error;
  m_answerDirty = true;
  saveAnswer();
  m_run = 0;
  if (m_answer.chat == m_chat.id) {
    m_messages.update(m_answer);
    refreshContextUsed();
  }
  m_answer = {};
  setActivity(Activity::idle);
  emit listChanged();
}

void ChatSession::stop() {
  m_stopWanted = true;
  if (m_run != 0) m_app.inference().stop(m_run);
}

void ChatSession::selectBranch(MessageId message, int step) {
  const auto& siblings = m_messages.tree().siblings(message);
  const auto at = std::find(siblings.begin(), siblings.end(), message);
  if (at == siblings.end()) return;
  const auto target = at - siblings.begin() + step;
  if (target < 0 || target >= static_cast<std::ptrdiff_t>(siblings.size())) return;
  m_messages.select(siblings[static_cast<std::size_t>(target)]);
  m_chat.leaf = m_messages.tree().leaf();
  refreshContextUsed();
  m_app.chats().post([chat = m_chat.id, leaf = m_chat.leaf](ChatStore& store) { return store.setLeaf(chat, leaf); });
}

void ChatSession::setTitle(const QString& title) {
  m_chat.title = title;
  m_chat.titledByUser = true;
  save();
  emit chatChanged();
  emit listChanged();
}

void ChatSession::setSystemPrompt(const QString& prompt) {
  if (prompt == m_chat.systemPrompt) return;
  m_chat.systemPrompt = prompt;
  save();
  emit chatChanged();
}

void ChatSession::setSampling(const QJsonObject& sampling) {
  if (sampling == m_chat.sampling) return;
  m_chat.sampling = sampling;
  save();
  emit chatChanged();
}

void ChatSession::setDraft(const QString& draft) {
  if (draft == m_chat.draft) return;
  m_chat.draft = draft;
  save();
}

void ChatSession::save() {
  if (!m_stored) return;  // an empty chat is written with its first message
  m_app.chats().post([chat = m_chat](ChatStore& store) { return store.updateChat(chat); });
}

std::vector<ChatTurn> ChatSession::turnsUpTo(MessageId last) const {
  std::vector<ChatTurn> out;
  for (const ChatMessage* message = m_messages.tree().find(last); message; message = m_messages.tree().find(message->parent)) {
    out.push_back({message->role.toStdString(), message->content.toStdString()});
  }
  if (!m_chat.systemPrompt.trimmed().isEmpty()) out.push_back({"system", m_chat.systemPrompt.toStdString()});
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<ChatTurn> ChatSession::turns(const QString& nextQuestion) const {
  std::vector<ChatTurn> out = turnsUpTo(m_messages.tree().leaf());
  if (!nextQuestion.isEmpty()) out.push_back({"user", nextQuestion.toStdString()});
  return out;
}

void ChatSession::setActivity(Activity activity) {
  if (activity == m_activity) return;
  m_activity = activity;
  emit activityChanged();
}

void ChatSession::refreshContextUsed() {
  m_contextUsed = 0;
  for (const MessageId id : m_messages.tree().path()) {
    const AnswerFigures& figures = m_messages.tree().find(id)->figures;
    if (figures.newTokens > 0) m_contextUsed = figures.promptTokens + figures.newTokens;
  }
  emit contextChanged();
}

QString ChatSession::modelLabel() const {
  const auto& info = m_app.model().info();
  return info ? QString("%1 · %2").arg(m_app.library().displayName(*info), precisionId(info->recipe)) : QString();
}

}  // namespace nibble
