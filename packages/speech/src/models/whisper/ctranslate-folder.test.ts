import { readFileSync } from 'node:fs';
import { readSafetensors } from '@heed/attention-core';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { ctranslateFolder, isCtranslateFolder } from './ctranslate-folder.ts';

// made by tooling/golden/speech-ctranslate2.py: the tiny Whisper of whisper.golden.safetensors, as CTranslate2's own converter has it
const stored = (name: string) => new Uint8Array(readFileSync(new URL(name, import.meta.url)));
const golden = readSafetensors(stored('whisper.golden.safetensors')).tensors();
const folderOf = async (
  model: Uint8Array,
  config = '{"suppress_ids": [3], "suppress_ids_begin": [4], "alignment_heads": [[0, 1]]}',
) => {
  const folder = memoryFolder();
  await folder.write('model.bin', model);
  await folder.write('config.json', new TextEncoder().encode(config));
  await folder.write('tokenizer.json', new TextEncoder().encode('{}'));
  return folder;
};
const json = async (folder: { read(name: string): Promise<Uint8Array> }, name: string) =>
  JSON.parse(new TextDecoder().decode(await folder.read(name))) as Record<string, unknown>;

describe('ctranslateFolder', () => {
  it.each([
    ['float32', 0],
    ['float16', 1e-3], // half a unit in the last of 11 bits
  ])('has the weights and the config that Hugging Face has, of %s', async (precision, relative) => {
    const source = await folderOf(stored(`whisper.${precision}.golden.bin`));
    expect(await isCtranslateFolder(source)).toBe(true);
    const opened = await ctranslateFolder(source);
    expect(await opened.list()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    const weights = readSafetensors(await opened.read('model.safetensors')).tensors();
    const theirs = Object.keys(golden)
      .filter((name) => name.startsWith('weights/'))
      .map((name) => name.slice(8));
    expect(Object.keys(weights).toSorted()).toEqual(theirs.toSorted());
    for (const name of theirs)
      expect(weights[name]).toBeAllClose(golden[`weights/${name}`], { absolute: relative / 10, relative });
    expect(await json(opened, 'config.json')).toMatchObject({
      model_type: 'whisper',
      vocab_size: 19,
      num_mel_bins: 6,
      d_model: 8,
      encoder_layers: 2,
      encoder_attention_heads: 4,
      decoder_attention_heads: 2,
      encoder_ffn_dim: 12,
      max_source_positions: 10,
      max_target_positions: 7,
    });
    expect(await json(opened, 'generation_config.json')).toEqual({
      suppress_tokens: [3],
      begin_suppress_tokens: [4],
      alignment_heads: [[0, 1]],
    });
  });

  it('refuses quantised weights, by name', async () => {
    await expect(ctranslateFolder(await folderOf(stored('whisper.int8.golden.bin')))).rejects.toThrow(
      /weights must be floats of 16 or 32 bits, got \S+weight quantised to I8/,
    );
  });

  it('refuses files of other versions and models, and those that are cut off', async () => {
    const good = stored('whisper.float16.golden.bin');
    const changed = (at: number, value: number) => Object.assign(good.slice(), { [at]: value });
    await expect(ctranslateFolder(await folderOf(changed(0, 5)))).rejects.toThrow(
      'model.bin must be of version 6, got 5',
    );
    await expect(ctranslateFolder(await folderOf(changed(6, 66)))).rejects.toThrow(
      'must be a WhisperSpec, got "BhisperSpec"',
    );
    for (const length of [0, 3, 10, 30, 100, 1000, good.length >> 1]) {
      await expect(ctranslateFolder(await folderOf(good.slice(0, length)))).rejects.toThrow('model.bin must be whole');
    }
    await expect(ctranslateFolder(await folderOf(good, '{"alignment_heads": 3}'))).rejects.toThrow('alignment_heads');
  });
});
