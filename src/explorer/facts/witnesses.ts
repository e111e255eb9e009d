/** Who cosigned the newest head of a log and when, as the server that has the head can tell. */
import { decodeUtf8 } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import { vkeyOf } from '../../note/key.ts';
import { policyLines } from '../../note/trust-text.ts';
import type { Cosignature } from '../../note/checkpoint.ts';
import { openByLog, quorumMet, type TrustPolicy } from '../../note/trust.ts';
import type { ServedLog } from '../port.ts';
import { markup, type Markup } from './markup.ts';
import { code, copied, factList, foldedText, moment, table } from './parts.ts';

/** Lines of a tlog-policy, ready to paste; `url`: where the log, or its copy, is read. */
export function policyText(policy: TrustPolicy, url: string | undefined): string {
  const { logs, ...others } = policy;
  const located = logs.map(({ verifier }) => ({ verifier, ...(url !== undefined && { url }) }));
  return `${policyLines({ ...others, logs: located }, true).join('\n')}\n`;
}

/** Refuses as `ServedLog.checkpoint` does, and what `openByLog` refuses: a copy that somebody changed. */
export function witnessFacts(log: ServedLog, url: string): Markup {
  const { note, head } = log.checkpoint();
  const policy = log.policy();
  const cosignatures = cosignaturesOn(note, policy);
  const alarms = log.alarms?.();
  const rows = policy.witnesses.map(({ name, verifier, url: at }) => {
    const vkey = vkeyOf(verifier);
    const line = cosignatures.find((each) => vkeyOf(each.verifier) === vkey);
    return [
      name,
      line === undefined ? 'not on this head' : moment(formatTime(line.time)),
      alarms?.get(vkey),
      at,
      code(vkey),
    ];
  });
  const { quorum } = policy;
  return markup`<h1>Witnesses</h1>
${factList([
  ['Newest head', `${head.size} entries`],
  ['Quorum', quorum === 'none' ? 'none is asked for' : quorum.name],
  ['Met by this head', quorumMet(policy, cosignatures) ? 'yes' : 'no'],
])}
${
  rows.length === 0
    ? markup`<p>This server names no witness of the log: nobody else vouches for its heads.</p>`
    : table('Witnesses', ['Witness', 'Cosigned', 'Alarm', 'Where', 'Key'], rows)
}
<h2>Policy</h2><p>The server's own word on whom to trust. Compare it with what the operator gave you otherwise.</p>
${copied(policyText(policy, url), 'trust.policy')}
${foldedText('The signed head', decodeUtf8(note), 'checkpoint.txt')}`;
}

/** What stands on heads, by the bytes of each: the same head is asked for again and again, and its signatures cost milliseconds. */
const known = new WeakMap<
  Uint8Array,
  { readonly policy: TrustPolicy; readonly lines: readonly Cosignature[] }
>();

function cosignaturesOn(note: Uint8Array, policy: TrustPolicy): readonly Cosignature[] {
  const kept = known.get(note);
  if (kept?.policy === policy) return kept.lines;
  const witnessKeys = policy.witnesses.map(({ verifier }) => verifier);
  const lines = openByLog(note, policy, { witnessKeys }).cosignatures;
  known.set(note, { policy, lines });
  return lines;
}
