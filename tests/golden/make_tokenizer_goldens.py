#!/usr/bin/env python3
"""Makes tests/golden/tokenizers: tiny tokenizers of the kinds that the data folder lacks, with what Google's sentencepiece and
Hugging Face's tokenizers make of tricky and random texts.

    python3 -m venv venv && venv/bin/pip install sentencepiece==0.2.3 tokenizers==0.23.3
    venv/bin/python tests/golden/make_tokenizer_goldens.py FOLDER_WITH_wiki-en.txt_AND_wiki-zh.txt

The texts they are trained on are Wikipedia's (CC BY-SA 4.0).
"""
import io
import json
import pathlib
import random
import sys
import unicodedata

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent / "tokenizers"
GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
DEEPSEEK = [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+"]

TRICKY = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\t\n", " \n", "\n ", " \n \n  x", "Hello world", " Hello world", "Hello  world  ",
    "  leading", "trailing  ", "a\tb\nc\r\nd", "I'll we're you've it's he'd I'm don't", "I'LL WE'RE YOU'VE IT'S HE'D I'M DON'T",
    "'ſ 'S 'lL 'Re 'x '", "don''t 'tis", "x=1;y==2!=3", "1 12 123 1234 12345 123456", "3.14159 1,234,567.89", "½ ² Ⅷ ٣٤ 一二",
    "你好，世界！", "床前明月光，疑是地上霜。", "混合 English 与 中文 mixed テスト 한국어 Русский العربية",
    "🙂👨\u200d👩\u200d👧\u200d👦🇨🇳", "\u200b\xa0\u3000全角\u3000空格", "﷽ ǅ ﬁ ﬀ ①②", "cafe\u0301 café e\u0301\u0323", "\u1100\u1161\u11a8 각",
    "x" * 70, "0" * 25, "ab" * 40, " " * 33 + "x", "\n" * 17 + "x", "(hello) [world] {x} <tag> </tag>", "<s> </s> <unk> <0x0A>",
    "<|begin|>user\nHi<|end|>\n", "<|begin|><|begin|> <|end|> x <|end|>", "a<tool>b <tool> c", "keep   @@left   keep @@right   keep",
    "word wordy sword word", "def f(x):\n    return x**2  # 平方\n", "https://example.org/a?b=c&d=%20#e", "\x00\x01\x7f", "a\x00b",
    "\u2028line\u2029para\x85next\x0bvt\x0cff", "ÀÉÎÕÜ àéîõü ß ẞ", "İstanbul ıI", "ΑΒΓ αβγ ς", "e\u0301" * 5, "\u0301\u0302 lone marks",
    "The quick brown fox jumps over the lazy dog.", "…—–‘’“”", "\ufeffbom", "▁under ▁▁ score", "Ａｂｃ　１２３", "ｶﾞ", "㍍㌔",
]


def random_texts(count, seed):
    """Random characters that every Unicode version of the last ten years agrees about."""
    rng = random.Random(seed)
    ranges = [(0x20, 0x7E)] * 4 + [(0xA1, 0x17F), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA), (0x627, 0x64A), (0x905, 0x939),
                                   (0x3041, 0x3096), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x1F600, 0x1F64F), (0x2000, 0x206F)]
    texts = []
    for _ in range(count):
        text = ""
        for _ in range(rng.randint(1, 40)):
            low, high = rng.choice(ranges)
            c = chr(rng.randint(low, high))
            if unicodedata.category(c) not in ("Cn", "Cs", "Co"):
                text += c if rng.random() < 0.7 else rng.choice([" ", "\n", "e\u0301", "ing ", "the "])
        texts.append(text)
    return texts


def rows_file(folder, rows):
    with open(folder / "tokens_expected.jsonl", "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def sentencepiece_golden(name, lines, texts, **options):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, minloglevel=2, num_threads=1,
                                             **options)
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    reader = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    rows = []
    for text in texts:
        ids = reader.encode(text)
        rows.append({"text": text, "ids": ids, "pieces": reader.id_to_piece(ids), "decoded": reader.decode(ids)})
    rows_file(folder, rows)


def tokenizers_golden(name, tokenizer, texts, round_trip=True):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = []
    for text in texts:
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False)
        row = {"text": text, "ids": plain.ids, "pieces": plain.tokens}
        if round_trip:
            row["decoded"] = tokenizer.decode(plain.ids, skip_special_tokens=False)
        else:
            row["decoded"] = None
        rows.append(row)
        tokenizer.encode_special_tokens = False
        whole = tokenizer.encode(text, add_special_tokens=True)
        rows.append({"text": text, "ids": whole.ids, "flags": "", "decoded": None})
    rows_file(folder, rows)


def byte_level(lines, split, normalizer=None, ignore_merges=False, size=700, prefix=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    steps = [pre_tokenizers.Split(Regex(p), "isolated", False) for p in split]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=not split)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                                             initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def add_tokens(tokenizer, bos=None):
    tokenizer.add_special_tokens(["<|begin|>", "<|end|>", "<s>"])
    tokenizer.add_tokens([AddedToken("@@left", lstrip=True, normalized=False), AddedToken("@@right", rstrip=True, normalized=False),
                          AddedToken("word", single_word=True, normalized=False)])
    if bos:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B",
                                          special_tokens=[(bos, tokenizer.token_to_id(bos))])])
    return tokenizer


def unigram_json(lines):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.train_from_iterator(lines, trainers.UnigramTrainer(vocab_size=1300, show_progress=False, unk_token="<unk>",
                                                                 special_tokens=["<unk>", "<s>", "</s>"]))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A $B </s>", special_tokens=[("</s>", 2)])
    return tokenizer


def sentencepiece_kind(lines):
    """As Llama 2's file: no pre-tokenizer, a mark in front of every stretch, bytes as the way out."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    words = [w for line in lines for w in line.replace(" ", " ▁").split(" ")]
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokenizer.train_from_iterator(words, trainers.BpeTrainer(vocab_size=700, show_progress=False, special_tokens=special, limit_alphabet=60))
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [t for t in state["added_tokens"] if t["id"] < 3]
    state["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens(["<|begin|>", "<|end|>"])
    return tokenizer


def other_steps(lines):
    """Digits and punctuation cut off, text lowered and stripped of accents, no bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("merged_with_previous"), pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Split("x", "merged_with_next", False)])
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=400, show_progress=False, special_tokens=["<unk>"], limit_alphabet=60))
    tokenizer.add_tokens([AddedToken("The Lazy", normalized=True)])
    return tokenizer


def main():
    source = pathlib.Path(sys.argv[1])
    english = (source / "wiki-en.txt").read_text(encoding="utf-8")[:150000].splitlines()
    chinese = (source / "wiki-zh.txt").read_text(encoding="utf-8")[:6000].splitlines()
    lines = [line[:1000] for line in english + chinese if line.strip()]
    texts = TRICKY + random_texts(60, 1)
    sp = dict(vocab_size=1100, character_coverage=0.98, input_sentence_size=0)
    sentencepiece_golden("sp-unigram-nfkc", lines, texts, model_type="unigram", **sp)
    sentencepiece_golden("sp-unigram-bytes", lines, texts, model_type="unigram", byte_fallback=True, normalization_rule_name="identity",
                         remove_extra_whitespaces=False, user_defined_symbols=["ing", "the q", "🙂", "明月光"], **sp)
    sentencepiece_golden("sp-bpe-suffix", lines, texts, model_type="bpe", normalization_rule_name="identity",
                         treat_whitespace_as_suffix=True, **sp)
    sentencepiece_golden("sp-bpe-user", lines, texts, model_type="bpe", byte_fallback=True, normalization_rule_name="identity",
                         remove_extra_whitespaces=False, user_defined_symbols=["he", "hello", "lo w", "  ", "\n", "ab", "aba"],
                         split_by_whitespace=False, **sp)
    tokenizers_golden("gpt2", add_tokens(byte_level(lines, [])), texts)
    tokenizers_golden("gpt2-prefix", byte_level(lines, [], prefix=True, size=400), texts[:len(TRICKY)])
    tokenizers_golden("llama3", add_tokens(byte_level(lines, [LLAMA3], ignore_merges=True), "<|begin|>"), texts)
    tokenizers_golden("qwen2", add_tokens(byte_level(lines, [QWEN2], normalizers.NFC())), texts)
    tokenizers_golden("deepseek", add_tokens(byte_level(lines, DEEPSEEK), "<|begin|>"), texts)
    tokenizers_golden("llama2-json", sentencepiece_kind(lines), texts)
    # A unigram model's library makes special tokens from plain text too; ours never does, so those texts are left out.
    tokenizers_golden("unigram-json", unigram_json(lines), [t for t in texts if "<s>" not in t], round_trip=False)
    tokenizers_golden("other-steps", other_steps(lines), texts, round_trip=False)


if __name__ == "__main__":
    main()
