#include "core/engine/prompt_renderer.h"

#include <algorithm>
#include <ctime>

#include "core/base/json.h"

namespace nibble {
namespace {

/// A private-use character that occurs neither in a turn nor in the template. One character, so that no neighbour can
/// complete it.
std::string unusedMarker(const std::vector<ChatTurn>& turns, const std::string& source) {
  for (unsigned code = 0xF0000; code < 0x10FFFE; ++code) {  // more of them than any conversation can hold
    const std::string marker{static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
                             static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    const auto occurs = [&](const std::string& text) { return text.find(marker) != std::string::npos; };
    const bool used = std::any_of(turns.begin(), turns.end(),
                                  [&](const ChatTurn& turn) { return occurs(turn.content) || occurs(turn.role); });
    if (!used && !occurs(source)) return marker;
  }
  return {};
}

bool looksLikeMarkup(const std::string& piece) {
  return piece.size() > 2 &&
         ((piece.front() == '<' && piece.back() == '>') || (piece.front() == '[' && piece.back() == ']'));
}

std::string without(std::string text, const std::string& marker) {
  for (std::size_t at = text.find(marker); at != std::string::npos; at = text.find(marker, at))
    text.erase(at, marker.size());
  return text;
}

std::tm localNow() {
  const std::time_t now = std::time(nullptr);
  std::tm result{};
  localtime_r(&now, &result);
  return result;
}

}  // namespace

PromptRenderer::PromptRenderer(std::shared_ptr<const Tokenizer> tokenizer,
                               std::shared_ptr<const ChatTemplate> chatTemplate)
    : m_tokenizer(std::move(tokenizer)), m_template(std::move(chatTemplate)) {
  findSteering();
  const auto framed = m_tokenizer->encode("a", {.addSpecial = true, .parseSpecial = false});
  const auto plain = m_tokenizer->encode("a", {.addSpecial = false, .parseSpecial = false});
  m_addsBos = framed.size() > plain.size() && framed.front() == m_tokenizer->bosId();
  m_addsEos = framed.size() > plain.size() && framed.back() == m_tokenizer->eosId() && m_tokenizer->eosId() >= 0;
}

/// A token steers if its spelling becomes it where special tokens are parsed, and does not where they are plain text.
void PromptRenderer::findSteering() {
  for (std::int32_t id = 0; id < m_tokenizer->vocabularySize(); ++id) {
    std::string piece = m_tokenizer->pieceOf(id);
    const bool special = m_tokenizer->isSpecial(id);
    if (piece.empty() || (!special && !looksLikeMarkup(piece))) continue;
    const auto parsed = m_tokenizer->encode(piece, {.addSpecial = false, .parseSpecial = true, .atStart = false});
    if (parsed != std::vector<std::int32_t>{id}) continue;
    const auto plain = m_tokenizer->encode(piece, {.addSpecial = false, .parseSpecial = false, .atStart = false});
    if (plain != parsed) m_steering.push_back({std::move(piece), special});
  }
  std::sort(m_steering.begin(), m_steering.end(),
            [](const auto& a, const auto& b) { return a.text.size() > b.text.size(); });
}

/// The longest steering token spelled at `position`, or null.
const PromptRenderer::Steering* PromptRenderer::steeringAt(const std::string& text, std::size_t position) const {
  for (const Steering& token : m_steering) {
    if (text.compare(position, token.text.size(), token.text) == 0) return &token;
  }
  return nullptr;
}

/// `ownTurn`: the model wrote it, so only tokens flagged special are kept out.
std::string PromptRenderer::mark(const std::string& content, const std::string& marker, bool ownTurn) const {
  std::string marked;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const Steering* token = steeringAt(content, i);
    if (token && (token->special || !ownTurn)) marked += marker;
    marked += content[i];
  }
  return marked;
}

Result<std::string> PromptRenderer::runTemplate(const std::vector<ChatTurn>& turns, const std::string& marker) const {
  std::string context = "{\"messages\":[";
  for (std::size_t i = 0; i < turns.size(); ++i) {
    context += i > 0 ? ",{\"role\":" : "{\"role\":";
    context += jsonQuoted(mark(turns[i].role, marker, false)) + ",\"content\":";
    context += jsonQuoted(mark(turns[i].content, marker, turns[i].role == "assistant")) + "}";
  }
  context += "],\"add_generation_prompt\":true,\"bos_token\":" + jsonQuoted(m_tokenizer->pieceOf(m_tokenizer->bosId()));
  context += ",\"eos_token\":" + jsonQuoted(m_tokenizer->pieceOf(m_tokenizer->eosId())) + "}";
  NIBBLE_TRY(TemplateOutput output, m_template->render(context, localNow()));
  if (output.raised) return fail(ErrorCode::wrongUsage, *output.raised, {}, "chat template");
  return std::move(output.text);
}

void PromptRenderer::append(std::vector<std::int32_t>& ids, std::string text, const std::string& marker,
                            bool parseSpecial) const {
  text = without(std::move(text), marker);
  if (text.empty()) return;
  const auto more =
      m_tokenizer->encode(text, {.addSpecial = false, .parseSpecial = parseSpecial, .atStart = ids.empty()});
  ids.insert(ids.end(), more.begin(), more.end());
}

/// Cuts the rendering at the template's own special tokens; a stretch that holds a marker is encoded as plain text,
/// everything between such stretches in one piece.
std::vector<std::int32_t> PromptRenderer::encodeMarked(const std::string& text, const std::string& marker) const {
  std::vector<std::int32_t> ids;
  if (text.find(marker) == std::string::npos) {
    append(ids, text, marker, true);
    return ids;
  }
  std::size_t done = 0, stretch = 0;  // encoded so far; begin of the text since the last special token of the template
  bool marked = false;
  const auto closeStretch = [&](std::size_t end) {
    if (!marked) return;
    append(ids, text.substr(done, stretch - done), marker, true);
    append(ids, text.substr(stretch, end - stretch), marker, false);
    done = end;
    marked = false;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, marker.size(), marker) == 0) {
      marked = true;
      i += marker.size() + 1;  // the token behind a marker begins here and is plain text
    } else if (const Steering* token = steeringAt(text, i)) {
      closeStretch(i);
      i += token->text.size();
      stretch = i;
    } else {
      ++i;
    }
  }
  closeStretch(text.size());
  append(ids, text.substr(done), marker, true);
  return ids;
}

Result<RenderedPrompt> PromptRenderer::render(const std::vector<ChatTurn>& turns) const {
  if (!m_template) return fail(ErrorCode::wrongUsage, "the model has no chat template", {}, "chat template");
  if (turns.empty()) return fail(ErrorCode::wrongUsage, "the conversation is empty", {}, "turns");
  const std::string marker = unusedMarker(turns, m_template->source());
  if (marker.empty()) return fail(ErrorCode::wrongUsage, "the conversation uses every private character", {}, "turns");
  NIBBLE_TRY(const std::string marked, runTemplate(turns, marker));
  RenderedPrompt prompt;
  prompt.text = without(marked, marker);
  prompt.ids = encodeMarked(marked, marker);
  const std::int32_t bos = m_tokenizer->bosId();
  if (m_addsBos && (prompt.ids.empty() || prompt.ids.front() != bos)) prompt.ids.insert(prompt.ids.begin(), bos);
  for (const std::int32_t id : prompt.ids) prompt.pieces.push_back(m_tokenizer->pieceOf(id));
  return prompt;
}

std::vector<std::int32_t> PromptRenderer::encodePrompt(const std::string& text, bool plain) const {
  std::vector<std::int32_t> ids = m_tokenizer->encode(text, {.addSpecial = true, .parseSpecial = !plain});
  if (m_addsEos && !ids.empty() && ids.back() == m_tokenizer->eosId()) ids.pop_back();
  // A rendered template begins with bos already.
  if (m_addsBos && ids.size() > 1 && ids[0] == ids[1] && ids[0] == m_tokenizer->bosId()) ids.erase(ids.begin());
  return ids;
}

}  // namespace nibble
