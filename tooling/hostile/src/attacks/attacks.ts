import type { Attack } from '../attack.ts';
import { archive } from './archive.ts';
import { ctranslate2 } from './ctranslate2.ts';
import { hub } from './hub.ts';
import { KILL_ATTACKS } from './kills.ts';
import { mail } from './mail.ts';
import { pickle } from './pickle.ts';
import { safetensors } from './safetensors.ts';
import { checkpoints, saves } from './saved.ts';
import { tables } from './tables.ts';
import { tokenizer } from './tokenizer.ts';
import { wav } from './wav.ts';

export const ATTACKS: readonly Attack[] = [
  ...KILL_ATTACKS,
  pickle,
  mail,
  safetensors,
  saves,
  checkpoints,
  tokenizer,
  tables,
  archive,
  hub,
  wav,
  ctranslate2,
];
