#include "core/model/tensor_names.h"

#include <fmt/format.h>

namespace nibble {
namespace {

constexpr TensorNames kLlama = {"model.embed_tokens",
                                "model.norm",
                                "lm_head",
                                "input_layernorm",
                                "post_attention_layernorm",
                                {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                                 "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"},
                                {},
                                {},
                                {}};

constexpr TensorNames kQwen3 = {kLlama.embedding,
                                kLlama.finalNorm,
                                kLlama.head,
                                kLlama.inputNorm,
                                kLlama.postNorm,
                                {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                                 "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"},
                                {},
                                "self_attn.q_norm",
                                "self_attn.k_norm"};

constexpr TensorNames kInternLm2 = {
    "model.tok_embeddings",
    "model.norm",
    "output",
    "attention_norm",
    "ffn_norm",
    {{}, {}, {}, "attention.wo", "feed_forward.w1", "feed_forward.w3", "feed_forward.w2"},
    "attention.wqkv",
    {},
    {}};

}  // namespace

const TensorNames& tensorNames(Family family) {
  if (family == Family::internlm2) return kInternLm2;
  return family == Family::qwen3 ? kQwen3 : kLlama;
}

std::string layerTensor(int layer, std::string_view name, std::string_view suffix) {
  return fmt::format("model.layers.{}.{}{}", layer, name, suffix);
}

}  // namespace nibble
