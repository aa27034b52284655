import type { Attack } from '../attack.ts';
import { mail } from './mail.ts';
import { pickle } from './pickle.ts';
import { safetensors } from './safetensors.ts';

export const ATTACKS: readonly Attack[] = [pickle, mail, safetensors];
