// Viterbi over all pieces that fit at each place, with the arithmetic and tie-breaking of sentencepiece's unigram_model.cc.
#include <algorithm>

#include "core/text/sentencepiece_encoder.h"
#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr double kUnknownPenalty = 10.0;

template <typename Path>
void offer(Path& target, double score, bool single, std::int32_t start, std::int32_t id) {
  if (target.start >= 0 && !(score > target.score)) return;
  target = {single ? static_cast<double>(static_cast<float>(score)) : score, start, id};
}

}  // namespace

struct UnigramEncoder::BestPath {  // the best segmentation that ends here
  double score = 0;
  std::int32_t start = -1;
  std::int32_t id = -1;
};

UnigramEncoder::UnigramEncoder(std::shared_ptr<const SentencePieceModel> model, const std::vector<bool>& excluded,
                               std::vector<double> exactScores)
    : m_model(std::move(model)), m_uncovered(*m_model), m_scores(std::move(exactScores)), m_single(m_scores.empty()) {
  if (m_single) m_scores.assign(m_model->scores.begin(), m_model->scores.end());
  std::vector<std::pair<std::string_view, std::int32_t>> pieces;
  bool any = false;
  for (std::int32_t id = 0; id < m_model->vocabulary.size(); ++id) {
    const PieceKind kind = m_model->kinds[id];
    if (kind == PieceKind::normal || !m_single) {
      m_minScore = any ? std::min(m_minScore, m_scores[id]) : m_scores[id];
      m_maxScore = any ? std::max(m_maxScore, m_scores[id]) : m_scores[id];
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
  // SentencePiece's sums, in its order and precision: the unknown score and sums are single, a user-defined piece's score is not.
  const auto rounded = [&](double value) { return m_single ? static_cast<double>(static_cast<float>(value)) : value; };
  const double unknownScore = rounded(m_minScore - kUnknownPenalty);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t character = std::min<std::size_t>(utf8Length(text[at]), text.size() - at);
    const double here = best[at].score;
    const auto start = static_cast<std::int32_t>(at);
    bool covered = false;
    m_trie.eachMatch(text, at, [&](std::int32_t id, std::size_t length) {
      // A user-defined piece gets a bonus that makes it always win.
      const bool bonus = m_model->kinds[id] == PieceKind::userDefined;
      const double score = bonus ? rounded(static_cast<double>(length) * m_maxScore) - 0.1 : m_scores[id];
      offer(best[at + length], score + here, m_single, start, id);
      covered = covered || length == character;
    });
    if (!covered) offer(best[at + character], rounded(unknownScore + here), m_single, start, m_model->unknownId);
    at += character;
  }
  appendPath(text, best, ids);
}

void UnigramEncoder::appendPath(std::string_view text, const std::vector<BestPath>& best, std::vector<std::int32_t>& ids) const {
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
