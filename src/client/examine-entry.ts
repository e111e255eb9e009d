/**
 * Reads one entry of a log and examines it: the checks of `examine`, those of a proof's transcripts, and where the log's answer
 * breaks off, the check that it breaks at. The client reads and decides; this says which check met what.
 */
import { Checklist, type Check } from '../bytes/checklist.ts';
import { natureOf } from '../bytes/nature.ts';
import { Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { Declaration } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { LogClient } from './client.ts';
import { declarationsIn } from './declarations.ts';
import type { Place } from './evidence.ts';
import { brokenCheck } from './examine-head.ts';
import { examine } from './examine.ts';
import { findEntry, type FoundEntry } from './find-entry.ts';

export interface ExaminedEntry {
  readonly checks: readonly Check[];
  /** True if no check failed, and a trusted key leads to the entry. */
  readonly verified: boolean;
  readonly found: FoundEntry | undefined;
  readonly statement: ParsedStatement | undefined;
  readonly place: Place | undefined;
  /** What a proof is of, or what a commitment replaces; undefined where that is not at hand. */
  readonly about: Declaration | undefined;
  /** Why there is no entry. Of nature `away` or `absent`: nobody answered, which is no lie. */
  readonly refusal: Refusal | undefined;
}

/** Examines an entry by its index or id. Refuses nothing; throws bugs. */
export async function examineEntry(client: LogClient, name: string): Promise<ExaminedEntry> {
  let step = 'checkpoint';
  try {
    const found = await findEntry(
      {
        transport: client.transport,
        log: client.log,
        view: async () => {
          const view = await client.view();
          step = 'inclusion';
          return view;
        },
        collect: (id, receipt) => client.collect(id, receipt, (each) => (step = each)),
      },
      name,
    );
    return await examined(client, found);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const nothing = { found: undefined, statement: undefined, place: undefined, about: undefined };
    return { checks: brokenAt(step, error), verified: false, ...nothing, refusal: error };
  }
}

/** The check at which the log's answer broke off. That nobody answered is no check. */
function brokenAt(step: string, refusal: Refusal): readonly Check[] {
  // That nobody answered is no check; a name that is none was not given by the log.
  const isOfLog = !['away', 'absent'].includes(natureOf(refusal.code)) && refusal.code !== 'bad-locator';
  const isOfHead = step === 'checkpoint' || ['inconsistent', 'quorum-unmet'].includes(refusal.code);
  const list = new Checklist();
  const name = isOfHead ? brokenCheck(refusal) : isOfLog ? step : undefined;
  if (name !== undefined && refusal.code !== 'bad-locator')
    list.run(name, () => {
      throw refusal;
    });
  return list.checks;
}

async function examined(client: LogClient, found: FoundEntry): Promise<ExaminedEntry> {
  const { checks, verified, statement, place } = examine(found.evidence, client.trust, client.verify);
  const about = statement && (await declarationFor(client, statement));
  const more = statement?.kind === 'proof' ? await checked(statement, about) : [];
  return {
    checks: [...checks, ...more],
    verified: verified && more.every(({ outcome }) => outcome !== 'failed'),
    found,
    statement,
    place,
    about,
    refusal: undefined,
  };
}

/** What evaluates claims and reads transcripts is loaded when a proof is met. */
async function checked(
  statement: Extract<ParsedStatement, { readonly kind: 'proof' }>,
  about: Declaration | undefined,
): Promise<readonly Check[]> {
  const { checkProof } = await import('./examine-proof.ts');
  return checkProof(statement, about);
}

/** The declaration that a proof is of, or that a commitment replaces: its entry is verified, too. */
async function declarationFor(
  client: LogClient,
  statement: ParsedStatement,
): Promise<Declaration | undefined> {
  const id = idAbout(statement);
  if (id === undefined) return undefined;
  try {
    const { evidence } = await client.find(id);
    client.assertVerified(evidence);
    return declarationsIn([evidence.entry]).get(id);
  } catch (error) {
    if (error instanceof Refusal) return undefined; // The checks that need it say that it is not at hand.
    throw error;
  }
}

function idAbout(statement: ParsedStatement): string | undefined {
  if (statement.kind === 'proof') return formatHex(statement.proof.commitment);
  if (statement.kind !== 'commitment' || statement.commitment.supersedes === undefined) return undefined;
  return formatHex(statement.commitment.supersedes);
}
