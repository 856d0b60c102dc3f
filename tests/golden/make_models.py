#!/usr/bin/env python3
"""Makes the small random models in models/ with the logits of every position, and models/rope_tables.jsonl.

    python3 -m venv v && v/bin/pip install torch transformers safetensors && v/bin/python make_models.py

Each folder holds config.json, model.safetensors and reference.safetensors (ids_N: a prompt of N ids; logits_N: the logits of all
its positions, computed in one pass in fp32 on the CPU). Weights are drawn wide, so that attention is far from uniform and a wrong
window, frequency or row order shows in the logits.
"""
import json
import math
import pathlib

import torch
import transformers
from safetensors.torch import save_file
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

HERE = pathlib.Path(__file__).parent / "models"
SHAPE = dict(vocab_size=128, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
             pad_token_id=2, tie_word_embeddings=False, attn_implementation="eager")


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            if "norm" in name:
                value.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                value.copy_(0.3 * noise)
            elif "embed" in name:
                value.copy_(noise)
            else:
                value.copy_(1.2 * noise / math.sqrt(value.shape[1]))
    return model.eval()


def logits_of(model, lengths, seed):
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for length in lengths:
        ids = torch.randint(3, model.config.vocab_size, (length,), generator=generator)
        with torch.no_grad():
            tensors[f"logits_{length}"] = model(ids[None], use_cache=False).logits[0].float().contiguous()
        tensors[f"ids_{length}"] = ids.to(torch.int32)
    return tensors


def write(name, note, config, weights, reference):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    made = {"made_with": f"transformers {transformers.__version__}, fp32, CPU", "note": note}
    save_file(reference, folder / "reference.safetensors", metadata=made)
    size = (folder / "model.safetensors").stat().st_size
    print(f"{name}: {size} bytes, {sorted(k for k in reference if k.startswith('ids'))}")


def plain_config(model):
    config = model.config.to_dict()
    for key in ("id2label", "label2id", "_attn_implementation_internal", "attn_implementation", "_name_or_path"):
        config.pop(key, None)
    return config | {"architectures": [type(model).__name__]}


def state(model):
    """The tensors save_pretrained would write: a tied head only once."""
    tensors = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    return tensors


def simple(name, note, model_class, config_class, lengths, seed, **changes):
    model = randomize(model_class(config_class(**{**SHAPE, **changes})), seed)
    write(name, note, plain_config(model), state(model), logits_of(model, lengths, seed + 1))


def internlm2():
    """InternLM2's checkpoint of an equivalent Llama: rows of wqkv are [kv_heads, group + 2, head_dim], queries first, then k, v."""
    changes = dict(num_attention_heads=8, num_key_value_heads=2, max_position_embeddings=64)
    rope = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    llama = randomize(transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**SHAPE, **changes}, rope_parameters=rope)), 10)
    source = llama.state_dict()
    heads, kv, hidden = 8, 2, 64
    size = hidden // heads
    names = {"self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1", "mlp.up_proj": "feed_forward.w3",
             "mlp.down_proj": "feed_forward.w2", "input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm"}
    weights = {"model.tok_embeddings.weight": source["model.embed_tokens.weight"],
               "model.norm.weight": source["model.norm.weight"], "output.weight": source["lm_head.weight"]}
    for layer in range(2):
        prefix = f"model.layers.{layer}."
        for ours, theirs in names.items():
            weights[f"{prefix}{theirs}.weight"] = source[f"{prefix}{ours}.weight"]
        q = source[f"{prefix}self_attn.q_proj.weight"].view(kv, heads // kv, size, hidden)
        k = source[f"{prefix}self_attn.k_proj.weight"].view(kv, 1, size, hidden)
        v = source[f"{prefix}self_attn.v_proj.weight"].view(kv, 1, size, hidden)
        weights[f"{prefix}attention.wqkv.weight"] = torch.cat([q, k, v], dim=1).reshape(-1, hidden)
    config = dict(architectures=["InternLM2ForCausalLM"], model_type="internlm2", bias=False, bos_token_id=1, eos_token_id=2,
                  pad_token_id=2, hidden_act="silu", hidden_size=hidden, intermediate_size=96, max_position_embeddings=64,
                  num_attention_heads=heads, num_hidden_layers=2, num_key_value_heads=kv, rms_norm_eps=1e-5, rope_theta=10000,
                  rope_scaling={"type": "dynamic", "factor": 2.0}, tie_word_embeddings=False, torch_dtype="float32", vocab_size=128)
    write("internlm2-tiny", "interleaved wqkv, dynamic NTK beyond 64 positions, config of the first generation", config, weights,
          logits_of(llama, [33, 120], 11))


def mixed_types():
    """Weights in three types; the logits are those of the rounded weights, computed in fp32."""
    model = randomize(transformers.LlamaForCausalLM(transformers.LlamaConfig(**SHAPE)), 60)
    types = [torch.float16, torch.bfloat16, torch.float32]
    weights = {name: value.to(types[i % 3]) for i, (name, value) in enumerate(sorted(model.state_dict().items()))}
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    write("llama-mixed-types-tiny", "tensors in F16, BF16 and F32", plain_config(model), weights, logits_of(model, [40], 61))


def rope_tables():
    """inv_freq and attention factor of every kind, straight from transformers."""
    original = "original_max_position_embeddings"
    kinds = [
        (32768, 128, {"rope_type": "dynamic", "factor": 6.0, "rope_theta": 5e7}, [1, 32768, 32769, 65536, 131072]),
        (64, 16, {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}, [200]),
        (4096, 64, {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4}, [100]),
        (131072, 128, {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, original: 8192, "rope_theta": 5e5}, [100]),
        (131072, 64, {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, original: 8192, "rope_theta": 5e5}, [100]),
        (131072, 128, {"rope_type": "yarn", "factor": 4.0, original: 32768, "rope_theta": 1e6}, [100]),
        (4096, 64, {"rope_type": "yarn", "factor": 16.0, "rope_theta": 1e4}, [100]),
        (16384, 64, {"rope_type": "yarn", "factor": 8.0, original: 2048, "beta_fast": 64, "beta_slow": 2, "truncate": False, "rope_theta": 1e4}, [100]),
        (16384, 64, {"rope_type": "yarn", "factor": 40.0, original: 4096, "mscale": 0.707, "mscale_all_dim": 1.0, "rope_theta": 1e4}, [100]),
        (16384, 64, {"rope_type": "yarn", "factor": 4.0, original: 4096, "attention_factor": 1.25, "rope_theta": 1e4}, [100]),
    ]
    with open(HERE / "rope_tables.jsonl", "w") as out:
        for positions, head, rope, contexts in kinds:
            for context in contexts:
                changes = dict(max_position_embeddings=positions, head_dim=head, rope_parameters=dict(rope))
                config = transformers.LlamaConfig(**{**SHAPE, **changes})
                frequencies, factor = ROPE_INIT_FUNCTIONS[rope["rope_type"]](config, "cpu", seq_len=context)
                row = {"max_position_embeddings": positions, "head_dim": head, "rope_parameters": rope, "context": context,
                       "inv_freq": [float(x) for x in frequencies], "attention_factor": float(factor)}
                out.write(json.dumps(row) + "\n")


def main():
    t = transformers
    internlm2()
    simple("mistral-window-tiny", "a window of 16 in every layer", t.MistralForCausalLM, t.MistralConfig, [12, 90], 20, sliding_window=16)
    simple("llama3-rope-tiny", "llama3 rope", t.LlamaForCausalLM, t.LlamaConfig, [30, 160], 30, rope_parameters={
        "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64})
    simple("yarn-rope-tiny", "yarn rope", t.LlamaForCausalLM, t.LlamaConfig, [30, 160], 40, rope_parameters={
        "rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64})
    simple("qwen2-tied-tiny", "tied embeddings, biases of q, k and v", t.Qwen2ForCausalLM, t.Qwen2Config, [40], 50, tie_word_embeddings=True)
    simple("qwen3-mixed-window-tiny", "a window of 16 in the second layer alone", t.Qwen3ForCausalLM, t.Qwen3Config, [90], 70,
           head_dim=24, use_sliding_window=True, sliding_window=16, max_window_layers=1, layer_types=["full_attention", "sliding_attention"])
    mixed_types()
    rope_tables()


if __name__ == "__main__":
    main()
