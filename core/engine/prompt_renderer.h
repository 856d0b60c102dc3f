// Turns a conversation into ids through the model's chat template, so that text typed by people never becomes a special
// token.
//
// Tokens that steer a model without being flagged special ("<think>", "<tool_call>") are kept from all but the model's
// own turns.
//
// How: every place in a message where a special token is spelled gets a marker in front (a character that occurs
// nowhere else in the conversation), then the template runs, and special tokens are recognized only where no marker
// stands. The template thus sees the real text (its strip, split and comparisons work) and harmless conversations are
// tokenized exactly as the whole rendering.
#pragma once
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/engine/engine.h"
#include "core/text/chat_template.h"
#include "core/text/tokenizer.h"

namespace nibble {

class PromptRenderer {
 public:
  PromptRenderer(std::shared_ptr<const Tokenizer> tokenizer, std::shared_ptr<const ChatTemplate> chatTemplate);

  /// The conversation with the generation prompt behind it; bos in front exactly once where the tokenizer adds one.
  /// Errors: wrongUsage (no template, no turns, the template refuses: `detail` holds its own words), fileMalformed.
  Result<RenderedPrompt> render(const std::vector<ChatTurn>& turns) const;

  /// Raw text. Bos in front where the tokenizer adds it; never an eos behind, as the text shall be continued.
  std::vector<std::int32_t> encodePrompt(const std::string& text, bool plain) const;

 private:
  struct Steering {
    std::string text;      // as spelled
    bool special = false;  // flagged as special by the tokenizer
  };
  void findSteering();
  const Steering* steeringAt(const std::string& text, std::size_t position) const;
  std::string mark(const std::string& content, const std::string& marker, bool ownTurn) const;
  std::vector<std::int32_t> encodeMarked(const std::string& text, const std::string& marker) const;
  void append(std::vector<std::int32_t>& ids, std::string text, const std::string& marker, bool parseSpecial) const;
  Result<std::string> runTemplate(const std::vector<ChatTurn>& turns, const std::string& marker) const;

  std::shared_ptr<const Tokenizer> m_tokenizer;
  std::shared_ptr<const ChatTemplate> m_template;
  std::vector<Steering> m_steering;  // longest first
  bool m_addsBos = false;
  bool m_addsEos = false;
};

}  // namespace nibble
