import type { Attack } from '../attack.ts';
import { KILL_ATTACKS } from './kills.ts';
import { mail } from './mail.ts';
import { pickle } from './pickle.ts';
import { safetensors } from './safetensors.ts';

export const ATTACKS: readonly Attack[] = [pickle, mail, safetensors, ...KILL_ATTACKS];
