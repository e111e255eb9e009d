/** What was declared about a subject, as marks on a line of time. */
import type { SubjectEntry } from '../../../appraisal/history.ts';
import { timelineOf } from '../../../appraisal/past/timeline.ts';
import type { PastRecord } from '../../../appraisal/past/types.ts';
import { formatHex } from '../../../bytes/text.ts';
import { isWithdrawal, type Claim } from '../../../statement/commitment.ts';
import { line } from '../../../words/plain.ts';
import type { MarkShown } from './protocol.ts';

/** Commitments, withdrawals, approvals, waivers and deployments, in log order. */
export function marksOf(record: PastRecord): readonly MarkShown[] {
  const claims = new Map<string, readonly Claim[]>();
  return timelineOf(record).entries.flatMap(({ known }): readonly MarkShown[] => {
    if (known.parsed.kind === 'commitment' && !isWithdrawal(known.parsed.commitment))
      claims.set(known.id, known.parsed.commitment.claims);
    const said = saidBy(known, claims);
    if (said === undefined) return [];
    const by = line(record.policies.nameOf(known.parsed.kid, known.index), 128);
    return [{ index: known.index, id: known.id, time: known.time, by, ...NOTHING, ...said }];
  });
}

const NOTHING = { until: null, claims: [], deadlines: [] } as const;

type Said = Pick<MarkShown, 'kind' | 'text'> & Partial<Pick<MarkShown, 'until' | 'claims' | 'deadlines'>>;

function saidBy({ parsed }: SubjectEntry, claims: ReadonlyMap<string, readonly Claim[]>): Said | undefined {
  switch (parsed.kind) {
    case 'commitment': {
      const { commitment } = parsed;
      if (isWithdrawal(commitment))
        return { kind: 'withdrawal', text: line(commitment.change?.reason ?? '') };
      const { environment, tier, change } = commitment;
      const why = [change?.ticket, change?.reason].filter((each) => each !== undefined).join('; ');
      const text = `${environment}, tier ${tier}${why === '' ? '' : `; ${line(why)}`}`;
      return { kind: 'commitment', text, claims: commitment.claims.map(({ id }) => id) };
    }
    case 'approval':
      return { kind: 'approval', text: line(parsed.approval.reason ?? '') };
    case 'waiver': {
      const { owner, reason, notAfter, claims: waived } = parsed.waiver;
      const text = `${line(owner, 64)} answers for it: ${line(reason)}`;
      return { kind: 'waiver', text, until: notAfter, claims: waived };
    }
    case 'deployment': {
      const { commitment, deployed, version } = parsed.deployment;
      const due = claims.get(formatHex(commitment)) ?? [];
      return {
        kind: 'deployment',
        text: version === undefined ? '' : line(version),
        deadlines: due.flatMap(({ id, deadline }) =>
          deadline === undefined ? [] : [{ claim: id, at: deployed + deadline }],
        ),
      };
    }
    case 'proof':
    case 'policy':
    case 'notice':
    case 'other':
      break;
  }
  return undefined;
}
