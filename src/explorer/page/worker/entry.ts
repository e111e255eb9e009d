/** Answers `entry`: one entry, decoded and examined. */
import { natureOf } from '../../../bytes/nature.ts';
import { Refusal } from '../../../bytes/refusal.ts';
import { formatHex } from '../../../bytes/text.ts';
import { entryTimes, signerName } from '../../../client/entry-times.ts';
import type { Place } from '../../../client/evidence.ts';
import { examineEntry, type ExaminedEntry } from '../../../client/examine-entry.ts';
import type { FoundEntry } from '../../../client/find-entry.ts';
import { changesOf, factsOf, type Change } from '../../../declare/facts.ts';
import {
  comparedText,
  leafDifference,
  type LoggedDeclaration,
  type OpenedFile,
} from '../../../declare/opened.ts';
import { isWithdrawal } from '../../../statement/commitment.ts';
import type { ParsedStatement } from '../../../statement/parse.ts';
import { decodedRows, loggedRows, revokedRows } from '../../../words/decoded.ts';
import { line } from '../../../words/plain.ts';
import { stepsOf, type PathNode } from '../../../words/tree-path.ts';
import { checkShown, faultOf } from './faults.ts';
import type { Lane } from './lane.ts';
import type {
  ChangeShown,
  CheckShown,
  EntryFacts,
  EntryShown,
  LeavesShown,
  NodeShown,
  PlaceShown,
} from './protocol.ts';

export async function entryOf({ client }: Lane, name: string): Promise<EntryShown> {
  const examined = await examineEntry(client, name);
  const { checks, verified, found, statement, refusal } = examined;
  const told = found && statement && (await timesOf(client, found, statement));
  const times = told instanceof Refusal ? undefined : told;
  const fault = told instanceof Refusal ? told : refusal;
  const broken = told instanceof Refusal ? [policyBroken(told)] : [];
  return {
    checks: [...checks.map(checkShown), ...broken],
    verified: verified && broken.length === 0,
    fault: fault === undefined ? null : faultOf(fault),
    entry:
      found === undefined || statement === undefined || times === undefined
        ? null
        : {
            ...factsOfEntry(examined, found, statement),
            logged: [
              ...loggedRows(times.word, times.bounds),
              ...revokedRows(times.revocation, found.entry.index),
            ],
          },
  };
}

/** When it was logged, and whether its key was revoked later; the refusal of a policy on the way there that does not hold. */
async function timesOf(
  client: Lane['client'],
  found: FoundEntry,
  said: ParsedStatement,
): Promise<Awaited<ReturnType<typeof entryTimes>> | Refusal> {
  try {
    return await entryTimes(client, found, said);
  } catch (error) {
    if (!(error instanceof Refusal) || ['away', 'absent'].includes(natureOf(error.code))) throw error;
    return error;
  }
}

function policyBroken({ code, message }: Refusal): CheckShown {
  return { name: 'policies', outcome: 'failed', detail: message, code };
}

function factsOfEntry(
  { about, place }: ExaminedEntry,
  found: FoundEntry,
  statement: ParsedStatement,
): Omit<EntryFacts, 'logged'> {
  const { id, entry, receipt } = found;
  const { kind, subject, issuer, kid } = statement;
  const declared = declaredIn(id, statement, about);
  return {
    index: entry.index,
    id,
    kind,
    subject,
    issuer,
    kid,
    signer: signerName(found, statement) ?? null,
    rows: decodedRows((_, text) => text, statement),
    bytes: entry.bytes,
    receipt: receipt ?? null,
    proof: new TextDecoder().decode(entry.proof),
    place: place === undefined ? null : placeShown(place),
    changes: declared === undefined ? null : changesIn(declared),
    leaves: declared === undefined ? null : leavesShown(declared, []),
    names: namesIn(statement),
  };
}

type DeclaredTwice = NonNullable<ReturnType<typeof declaredIn>>;

function changesIn({ before, after }: DeclaredTwice): readonly ChangeShown[] {
  const old = before === undefined ? new Map<string, string>() : factsOf(before.declaration);
  return changesOf(old, factsOf(after.declaration)).map(changeShown);
}

/** The declaration of an entry, and the one before it; undefined as for `changes`. */
export function declaredIn(
  id: string,
  statement: ParsedStatement,
  before: ExaminedEntry['about'],
): { readonly before: LoggedDeclaration | undefined; readonly after: LoggedDeclaration } | undefined {
  if (statement.kind !== 'commitment' || isWithdrawal(statement.commitment)) return undefined;
  const { subject, commitment: declaration } = statement;
  const { supersedes } = declaration;
  const after = { id, subject, declaration };
  if (supersedes === undefined) return { before: undefined, after };
  if (before === undefined) return undefined;
  return { before: { id: formatHex(supersedes), subject, declaration: before }, after };
}

export function leavesShown({ before, after }: DeclaredTwice, files: readonly OpenedFile[]): LeavesShown {
  const difference = leafDifference(before, after, files);
  const { changes, alone, closed } = difference;
  return {
    changes: changes.map(changeShown),
    text: comparedText(difference),
    isWhole: alone + closed.before + closed.after === 0,
  };
}

function changeShown({ name, before, after }: Change): ChangeShown {
  return {
    name: line(name, 200),
    before: before === undefined ? null : line(before),
    after: after === undefined ? null : line(after),
  };
}

function namesIn(statement: ParsedStatement): EntryFacts['names'] {
  switch (statement.kind) {
    case 'commitment': {
      const { supersedes } = statement.commitment;
      return supersedes === undefined ? [] : [{ what: 'replaces', id: formatHex(supersedes) }];
    }
    case 'proof': {
      const { commitment, prev } = statement.proof;
      const before = prev === undefined ? [] : [{ what: 'proof before', id: formatHex(prev) }];
      return [{ what: 'commitment', id: formatHex(commitment) }, ...before];
    }
    case 'approval':
      return [{ what: 'commitment', id: formatHex(statement.approval.commitment) }];
    case 'waiver':
      return [{ what: 'commitment', id: formatHex(statement.waiver.commitment) }];
    case 'deployment':
      return [{ what: 'commitment', id: formatHex(statement.deployment.commitment) }];
    case 'policy':
    case 'notice':
    case 'other':
      break;
  }
  return [];
}

export function placeShown(place: Place): PlaceShown {
  const { log, index, size, root, leaf } = place;
  return {
    log,
    index,
    size,
    root: formatHex(root),
    leaf: formatHex(leaf),
    steps: stepsOf(place).map(({ child, sibling, parent }) => ({
      child: nodeShown(child),
      sibling: nodeShown(sibling),
      parent: nodeShown(parent),
    })),
  };
}

function nodeShown({ start, end, hash }: PathNode): NodeShown {
  return { start, end, hash: formatHex(hash) };
}
