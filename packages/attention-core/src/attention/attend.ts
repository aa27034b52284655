import * as tf from '@tensorflow/tfjs';
import { isDifferentiating, isDifferentiatingTwice } from '../autodiff/captured.ts';
import { hasFused } from '../kernels/fused-ops.ts';
import { isCapturing } from '../maps/capture.ts';
import { isIntervening } from '../maps/intervene.ts';
import type { AttentionCall } from './attention-call.ts';
import { choosePath, type Circumstances } from './choose-path.ts';

/** Does what a call asks for, on the best path. @returns [B, H, L, Dv], or [B, L, H·Dv] where the path took the operands side by side */
export function attend(call: AttentionCall): tf.Tensor {
  return choosePath(call, circumstances())(call);
}

function circumstances(): Circumstances {
  return {
    oneOp: hasFused('HeedAttention'),
    capturing: isCapturing(),
    intervening: isIntervening(),
    differentiating: isDifferentiatingTwice() ? 2 : isDifferentiating() ? 1 : 0,
  };
}
