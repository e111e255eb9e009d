/** What an entry says, for people: a few lines by its kind. Text of strangers is printed in one line each, and bounded. */
import type { Bounds } from '../appraisal/past/types.ts';
import type { Revocation } from '../client/entry-times.ts';
import { formatTime } from '../bytes/time.ts';
import { isWithdrawal, type Claim, type Commitment } from '../statement/commitment.ts';
import { declaredValues } from '../statement/leaf-text.ts';
import type { Notice } from '../statement/notice.ts';
import { claimedHead } from '../statement/notice.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { RuntimeProof } from '../statement/proof.ts';
import { claimLines, type Paint } from './results.ts';
import { line } from './plain.ts';

/** Rows of a name and a text. */
export type Row = readonly [name: string, text: string];

/** Rows that say what a statement says. */
export function decodedRows(paint: Paint, statement: ParsedStatement): readonly Row[] {
  switch (statement.kind) {
    case 'commitment':
      return commitmentRows(statement.commitment);
    case 'proof':
      return proofRows(paint, statement.proof);
    case 'approval':
      return [['approves', statement.approval.commitment.toHex()], ...reasonRow(statement.approval.reason)];
    case 'waiver': {
      const { commitment, claims, owner, reason, notAfter } = statement.waiver;
      return [
        ['waives', `${claims.join(', ')} of commitment ${commitment.toHex()}`],
        ['owner', `${line(owner)} answers for it, until ${formatTime(notAfter)}`],
        ...reasonRow(reason),
      ];
    }
    case 'deployment': {
      const { commitment, deployed, version, reason } = statement.deployment;
      return [
        ['deployed', `${formatTime(deployed)}, commitment ${commitment.toHex()}`],
        ...(version === undefined ? [] : [['version', line(version)] as const]),
        ...reasonRow(reason),
      ];
    }
    case 'notice':
      return noticeRows(statement.notice);
    case 'policy': {
      const { keys, revoked, open } = statement.policy.document;
      const enrolled = keys.map(({ name, roles }) => `${line(name, 128)} (${roles.join(', ')})`);
      return [
        ['enrols', open ? 'anybody: this log is open' : enrolled.join('; ') || 'nobody'],
        ...((revoked?.length ?? 0) > 0 ? [['revokes', `${revoked?.length ?? 0} keys`] as const] : []),
      ];
    }
    case 'other':
      break;
  }
  return [['content', line(String(statement.statement.contentType ?? 'of an unknown type'))]];
}

function reasonRow(reason: string | undefined): readonly Row[] {
  return reason === undefined ? [] : [['reason', line(reason)]];
}

function commitmentRows(commitment: Commitment): readonly Row[] {
  if (isWithdrawal(commitment))
    return [['withdraws', commitment.withdraws.toHex()], ...reasonRow(commitment.change?.reason)];
  const { environment, tier, claims, tree, supersedes, approvals, change } = commitment;
  return [
    ['declares', `${tree.leaves} ${tree.leaves === 1 ? 'leaf' : 'leaves'} for ${environment}, tier ${tier}`],
    ['claims', claims.length === 0 ? 'none' : claims.map(({ id }) => id).join(', ')],
    ...declaredRows(claims),
    ...(supersedes === undefined ? [] : [['replaces', supersedes.toHex()] as const]),
    ...(approvals === undefined ? [] : [['needs', `${approvals} approvals`] as const]),
    ...(change?.ticket === undefined ? [] : [['ticket', line(change.ticket)] as const]),
    ...reasonRow(change?.reason),
  ];
}

/** The leaves that claims read, each with its value and with who reads it. */
function declaredRows(claims: readonly Claim[]): readonly Row[] {
  return declaredValues(claims).map(({ path, value, readers }, i): Row => [
    i === 0 ? 'public' : '',
    `declared at ${line(path, 200)} = ${line(value, 400)}, read by ${readers.map((each) => line(each, 400)).join('; ')}`,
  ]);
}

function proofRows(
  paint: Paint,
  { agent, seq, window, results, commitment, delegation }: RuntimeProof,
): readonly Row[] {
  const says = claimLines(paint, results, new Map());
  return [
    ['proves', `commitment ${commitment.toHex()}`],
    ['agent', `${line(agent.name, 128)} ${line(agent.version, 64)}, proof ${seq} of its chain`],
    ...delegationRows(delegation),
    ['looked', `${formatTime(window.start)} to ${formatTime(window.end)}, by its own clock`],
    ...(says.length === 0
      ? [['says', 'it lives (a heartbeat)'] as const]
      : says.map((each, i): Row => [i === 0 ? 'says' : '', each])),
  ];
}

/** Which node's key signed, who let it, until when, and whether the API that it checks can reach it. */
function delegationRows(delegation: RuntimeProof['delegation']): readonly Row[] {
  if (delegation === undefined) return [];
  const { node, kid, notAfter, apart } = delegation;
  const reach =
    apart === true
      ? 'which says that the API of its cluster neither starts its agent nor holds its key'
      : 'within reach of the API of its cluster: nobody says that it is apart';
  return [
    [
      'node',
      `${line(node)}, by a delegation of key ${kid.slice(0, 16)}… until ${formatTime(notAfter)}, ${reach}`,
    ],
  ];
}

function noticeRows(notice: Notice): readonly Row[] {
  switch (notice.topic) {
    case 'stale':
      return [
        ['notice', `claim ${notice.claim} is STALE since ${formatTime(notice.since)}`],
        ['about', notice.about.toHex()],
        ...reasonRow(notice.reason),
      ];
    case 'witnessed': {
      const { size } = claimedHead(notice);
      return [['notice', `a head of ${size} entries, with the cosignatures that it had`]];
    }
    case 'inventory':
      return [
        ['notice', `${notice.count} entries about the subject among the first ${notice.checkpoint.size}`],
      ];
    case 'retention':
      break;
  }
  const prunes = notice.prune.map(({ what, age }) => `${what} older than ${age} s`);
  return [
    ['notice', prunes.length === 0 ? 'a hold: nothing is destroyed' : `destroys ${prunes.join(', ')}`],
    ['begins', formatTime(notice.from)],
    ...reasonRow(notice.reason),
  ];
}

/** When an entry was logged, and whose word that is. */
export function loggedRows(word: number | undefined, { notBefore, notAfter }: Bounds): readonly Row[] {
  const shown = [
    ...(notBefore === undefined ? [] : [`not before ${formatTime(notBefore)}`]),
    ...(notAfter === undefined ? [] : [`not after ${formatTime(notAfter)}`]),
  ];
  return [
    ['logged', word === undefined ? 'nobody here says when' : `${formatTime(word)}, by the log's own clock`],
    ['', shown.length === 0 ? 'no witness bounds that time' : `${shown.join(' and ')}, as witnesses show`],
  ];
}

/** A key is revoked by a later policy, so the entry itself looks the same as before. */
export function revokedRows({ isKnown, since }: Revocation, index: number): readonly Row[] {
  if (!isKnown)
    return [['revoked', "not known: of a server of files alone the log's later policies are not read"]];
  if (since === undefined) return [];
  const what = index < since ? 'this one is believed' : 'this one is not believed';
  return [['revoked', `the signer's key, from entry ${since} on: ${what}`]];
}
