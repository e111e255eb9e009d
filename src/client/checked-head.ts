/** Whether a log's newest checkpoint is what it should be, for whoever asks how a log is doing: no checkpoint is an answer too. */
import { natureOf } from '../bytes/nature.ts';
import { Refusal } from '../bytes/refusal.ts';
import { originOf } from '../note/trust.ts';
import type { LogClient } from './client.ts';

export interface CheckedHead {
  /** Of the verified checkpoint; undefined where there is none. */
  readonly size?: number;
  /** Why there is none. */
  readonly fault?: string;
  /** A key of the log is trusted, and no checkpoint came that it signed: then the log's own word is no success. */
  readonly isUnseen?: boolean;
}

/**
 * Verifies the newest checkpoint of the log of this origin, and compares it with what was seen before and with peers. Refuses
 * `inconsistent`, `quorum-unmet` and what is wrong with a checkpoint; that none came is no refusal.
 */
export async function checkedHead(client: LogClient, origin: string): Promise<CheckedHead> {
  if (!client.trust.policy.logs.some((log) => originOf(log) === origin))
    return { fault: 'no key of this log is trusted' };
  try {
    return { size: (await client.view()).head.size };
  } catch (error) {
    if (!(error instanceof Refusal) || !isMissing(error)) throw error;
    return { fault: error.message, isUnseen: true };
  }
}

function isMissing({ code }: Refusal): boolean {
  return code !== 'quorum-unmet' && ['away', 'absent'].includes(natureOf(code));
}
