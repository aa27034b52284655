import type { Attack } from '../attack.ts';
import { ctranslate2 } from './ctranslate2.ts';
import { mail } from './mail.ts';
import { pickle } from './pickle.ts';
import { safetensors } from './safetensors.ts';
import { wav } from './wav.ts';

export const ATTACKS: readonly Attack[] = [pickle, mail, safetensors, wav, ctranslate2];
