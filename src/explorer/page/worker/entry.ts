/** Answers `entry`: one entry, decoded and examined. */
import { natureOf } from '../../../bytes/nature.ts';
import { Refusal } from '../../../bytes/refusal.ts';
import { formatHex } from '../../../bytes/text.ts';
import { entryTimes, signerName } from '../../../client/entry-times.ts';
import type { Place } from '../../../client/evidence.ts';
import { examineEntry, type ExaminedEntry } from '../../../client/examine-entry.ts';
import type { FoundEntry } from '../../../client/find-entry.ts';
import { changesOf, factsOf } from '../../../declare/facts.ts';
import { isWithdrawal } from '../../../statement/commitment.ts';
import type { ParsedStatement } from '../../../statement/parse.ts';
import { decodedRows, loggedRows, revokedRows } from '../../../words/decoded.ts';
import { line } from '../../../words/plain.ts';
import { stepsOf, type PathNode } from '../../../words/tree-path.ts';
import { checkShown, faultOf } from './faults.ts';
import type { Lane } from './lane.ts';
import type { CheckShown, EntryFacts, EntryShown, NodeShown, PlaceShown } from './protocol.ts';

export async function entryOf({ client }: Lane, name: string): Promise<EntryShown> {
  const examined = await examineEntry(client, name);
  const { checks, verified, found, statement, refusal } = examined;
  const told = found && statement && (await timesOf(client, found, statement.kid));
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
  kid: string,
): Promise<Awaited<ReturnType<typeof entryTimes>> | Refusal> {
  try {
    return await entryTimes(client, found, kid);
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
  return {
    index: entry.index,
    id,
    kind,
    subject,
    issuer,
    kid,
    signer: signerName(found, kid) ?? null,
    rows: decodedRows((_, text) => text, statement),
    bytes: entry.bytes,
    receipt: receipt ?? null,
    proof: new TextDecoder().decode(entry.proof),
    place: place === undefined ? null : placeShown(place),
    changes: changesIn(statement, about),
    names: namesIn(statement),
  };
}

function changesIn(statement: ParsedStatement, before: ExaminedEntry['about']): EntryFacts['changes'] {
  if (statement.kind !== 'commitment' || isWithdrawal(statement.commitment)) return null;
  if (before === undefined && statement.commitment.supersedes !== undefined) return null;
  const old = before === undefined ? new Map<string, string>() : factsOf(before);
  return changesOf(old, factsOf(statement.commitment)).map((each) => ({
    name: line(each.name, 200),
    before: each.before === undefined ? null : line(each.before),
    after: each.after === undefined ? null : line(each.after),
  }));
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
