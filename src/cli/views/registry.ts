/** The table of subjects that `registry list` prints. */
import { worstClaim } from '../../appraisal/gate.ts';
import { subjectJson } from '../../appraisal/json.ts';
import { commitmentOf } from '../../appraisal/history.ts';
import { verdictText, type SubjectStatus } from '../../appraisal/subject.ts';
import { authorOf } from '../../appraisal/versions.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { countsOf } from './subject.ts';
import { line, spanOf } from '../../words/plain.ts';
import { paintVerdict, table } from './words.ts';

const HEADS = ['subject', 'environment', 'tier', 'declared by', 'commit', 'age', 'verdicts'];

export function registryLines(
  output: Output,
  look: Snapshot,
  statuses: readonly SubjectStatus[],
): readonly string[] {
  const cells = [HEADS, ...statuses.map((each) => rowOf(look, each))];
  const worst = statuses.map(({ claims }) => worstClaim(claims));
  return table(cells, (cell, column, row) => {
    if (row === 0) return output.paint('dim', cell);
    const claim = column === 6 ? worst[row - 1] : undefined;
    return claim === undefined ? cell : cell.replace(verdictText(claim), paintVerdict(output, claim));
  });
}

function rowOf(look: Snapshot, status: SubjectStatus): readonly string[] {
  const declared = commitmentOf(status);
  if (declared === undefined) return [line(status.subject, 60), '–', '–', '–', '–', '–', 'withdrawn'];
  const { environment, tier, source } = declared.declaration;
  const git =
    source.git === undefined ? '–' : `${source.git.commit.slice(0, 10)}${source.git.dirty ? '+' : ''}`;
  const age = spanOf(Math.max(0, look.now - declared.entry.time));
  const counts = countsOf(status.claims) || 'no claims';
  const standing = declared.effective === undefined ? 'lacks approvals' : counts;
  return [line(status.subject, 60), environment, tier, authorOf(look.policies, declared), git, age, standing];
}

export function rowJson(look: Snapshot, status: SubjectStatus): { readonly [key: string]: JsonValue } {
  const declared = commitmentOf(status);
  return {
    ...subjectJson(status),
    author: declared === undefined ? null : authorOf(look.policies, declared),
    time: declared?.entry.time ?? null,
    git: declared?.declaration.source.git?.commit ?? null,
  };
}
