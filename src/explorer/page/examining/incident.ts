/** What an incident file proves, as `tallystick verify-incident` says it. */
import { printable } from '../../../bytes/printable.ts';
import { Refusal } from '../../../bytes/refusal.ts';
import { formatTime } from '../../../bytes/time.ts';
import type { Trust } from '../../../client/evidence.ts';
import { parseIncident } from '../../../incident/parse.ts';
import { verifyIncident, type IncidentVerdict, type VerdictHead } from '../../../incident/verify.ts';
import { checkShown } from '../worker/faults.ts';
import { NOTHING, refused, UNTRUSTED } from './empty.ts';
import type { FileVerdict, GivenFile, Tone } from './protocol.ts';

/** A proven accusation is bad news, and never green. */
const WORDS = {
  proven: ['bad', 'PROVEN'],
  reported: ['unsure', 'REPORTED, NOT PROVEN'],
  failed: ['bad', 'THE EVIDENCE DOES NOT HOLD'],
} as const satisfies Record<IncidentVerdict['outcome'], readonly [Tone, string]>;

export function incidentVerdict({ name, bytes }: GivenFile, trust: Trust | undefined): FileVerdict {
  try {
    const incident = parseIncident(bytes);
    const what = `an incident: ${incident.evidence.kind} of the log ${printable(incident.origin, 300)}`;
    const rows = [
      ['seen by', `${printable(incident.detector, 300)}, ${printable(incident.detected, 100)}`],
      ['it says', printable(incident.what, 2_000)],
    ] as const;
    if (trust === undefined) return { ...NOTHING, ...UNTRUSTED, name, what, rows };
    const verdict = verifyIncident(incident, trust.policy);
    const [tone, word] = WORDS[verdict.outcome];
    return {
      ...NOTHING,
      name,
      what,
      tone,
      word,
      lines: [printable(verdict.what, 2_000)],
      checks: verdict.checks.map(checkShown),
      rows: [...rows, ['to blame', printable(verdict.blames, 1_000)]],
      sections: sectionsOf(verdict),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(name, error);
  }
}

function sectionsOf({ proves, reports, heads }: IncidentVerdict): FileVerdict['sections'] {
  return [
    section('Proven', proves),
    section('Reported', reports),
    section('Heads', heads.map(headText)),
  ].filter(({ lines }) => lines.length > 0);
}

function section(title: string, texts: readonly string[]): FileVerdict['sections'][number] {
  return { title, lines: texts.map((text) => ({ tone: 'plain', text: printable(text, 2_000) })) };
}

function headText({ size, root, signers, time }: VerdictHead): string {
  const when = time === undefined ? '' : `, at ${formatTime(time)}`;
  return `${size} entries, root ${root}, signed by ${signers.join(' and ')}${when}`;
}
