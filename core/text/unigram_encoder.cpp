// Viterbi over all pieces that fit at each place, with the arithmetic and tie-breaking of sentencepiece's unigram_model.cc.
#include <algorithm>

#include "core/text/sentencepiece_encoder.h"
#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr float kUnknownPenalty = 10.0f;

struct BestPath {  // the best segmentation that ends here
  float score = 0;
  std::int32_t start = -1;
  std::int32_t id = -1;
};

void offer(BestPath& target, double score, std::int32_t start, std::int32_t id) {
  if (target.start >= 0 && !(score > target.score)) return;
  target = {static_cast<float>(score), start, id};
}

}  // namespace

UnigramEncoder::UnigramEncoder(std::shared_ptr<const SentencePieceModel> model, const std::vector<bool>& excluded)
    : m_model(std::move(model)), m_uncovered(*m_model) {
  std::vector<std::pair<std::string_view, std::int32_t>> pieces;
  bool any = false;
  for (std::int32_t id = 0; id < m_model->vocabulary.size(); ++id) {
    const PieceKind kind = m_model->kinds[id];
    if (kind == PieceKind::normal) {
      m_minScore = any ? std::min(m_minScore, m_model->scores[id]) : m_model->scores[id];
      m_maxScore = any ? std::max(m_maxScore, m_model->scores[id]) : m_model->scores[id];
      any = true;
    }
    if ((kind == PieceKind::normal || kind == PieceKind::userDefined) && !excluded[id]) {
      pieces.emplace_back(m_model->vocabulary.piece(id), id);
    }
  }
  m_trie = ByteTrie(std::move(pieces));
}

void UnigramEncoder::encode(std::string_view text, EncodeScratch&, std::vector<std::int32_t>& ids) const {
  std::vector<BestPath> best(text.size() + 1);
  const float unknownScore = m_minScore - kUnknownPenalty;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t character = std::min<std::size_t>(utf8Length(text[at]), text.size() - at);
    const float here = best[at].score;
    bool covered = false;
    m_trie.eachMatch(text, at, [&](std::int32_t id, std::size_t length) {
      // A user-defined piece gets a bonus that makes it always win.
      const double score = m_model->kinds[id] == PieceKind::userDefined ? static_cast<float>(length) * m_maxScore - 0.1
                                                                        : static_cast<double>(m_model->scores[id]);
      offer(best[at + length], score + here, static_cast<std::int32_t>(at), id);
      covered = covered || length == character;
    });
    if (!covered) offer(best[at + character], unknownScore + here, static_cast<std::int32_t>(at), m_model->unknownId);
    at += character;
  }
  std::vector<std::int32_t> ends;
  for (auto at = static_cast<std::int32_t>(text.size()); at > 0; at = best[at].start) ends.push_back(at);
  bool afterUnknown = false;
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    const BestPath& piece = best[*end];
    if (piece.id == m_model->unknownId) {
      m_uncovered.append(text.substr(piece.start, *end - piece.start), ids, afterUnknown);
      continue;
    }
    ids.push_back(piece.id);
    afterUnknown = false;
  }
}

}  // namespace nibble
