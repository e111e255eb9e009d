/**
 * A commitment from beginning to end: what is declared, with the identity of its targets, goes after the newest commitment of
 * its subject; it is signed, logged and shown to be logged; and what proves it is kept in the subject's proof directory.
 *
 *     const declared = await declareFiles({ operands: ['package-lock.json'], cwd, saltSecret, … });
 *     const request = requestOf(declared, claims, {});
 *     const committed = await commit(openClient({ log, trust, fetch, now }), request, { signer, folder, onRemark });
 *
 * Everything that can be refused here is checked before anything is logged: whether a target shows who signs, whether the
 * commitment in force would lose claims or approvals unnoticed, whether the proof can be stored.
 */
import { approversFor, tooFew } from '../appraisal/approvers.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { asUsage } from '../bytes/within.ts';
import { onceLogged, type LoggedStatement } from '../client/log-statement.ts';
import { nearestSubject } from '../client/nearest-subject.ts';
import type { LogClient } from '../client/client.ts';
import type { ProvenEntry } from '../client/view.ts';
import { keyThumbprint } from '../cose/key.ts';
import { aimless, ofOneKey } from '../declare/checkclaims.ts';
import { showPath } from '../declare/leafopening.ts';
import { declaredValues } from '../statement/leaf-text.ts';
import type { Declared } from '../declare/node/declared.ts';
import { keepEarlier } from '../declare/node/earlier.ts';
import { faultOf } from '../platform/fault.ts';
import { replaceFile, tryFolder } from '../platform/files.ts';
import { issuerOf } from '../registration/issuer.ts';
import type { Signer } from '../sign/signer.ts';
import type { Policy } from '../statement/policy.ts';
import { assertNoSilentDowngrade, comparedCommitments } from './downgrade.ts';
import { identify } from './identify.ts';
import type { Identified, Pinned, Pinning } from './pin.ts';
import { prepare, type Prepared } from './prepare.ts';
import { repin } from './repin.ts';
import type { CommitRemark, CommitRequest, Known } from './request.ts';
import { join } from 'node:path';
import type { Evidence } from '../client/evidence.ts';
import { ProofFolder } from '../client/node/proof-folder.ts';
import { saveEvidence } from '../client/proof-store.ts';
import type { OwnedFile } from '../declare/node/owned.ts';
import { isWithdrawal, type Declaration } from '../statement/commitment.ts';
import { parseStatement } from '../statement/parse.ts';
import { changesOf, factsOf } from '../declare/facts.ts';

export interface CommitOptions {
  readonly signer: Signer;
  /** Who signs, in words. Default: the policy's name for the key, else its thumbprint. */
  readonly issuer?: string | undefined;
  /** The proof directory of the subject. */
  readonly folder: string;
  readonly onRemark?: (remark: CommitRemark) => void;
}

/** The entry that was logged, and the place of its proof. */
export interface Committed {
  readonly subject: string;
  /** Leaves of the declaration. */
  readonly leaves: number;
  readonly logged: LoggedStatement;
  /** True if the log had it before: the newest commitment says the same, or somebody else submitted it first. */
  readonly already: boolean;
  /** Entry id of the commitment that it replaces; undefined for the first of its subject. */
  readonly supersedes: string | undefined;
  readonly pinned: readonly Pinned[];
  /** Declared leaves that became public with it, since claims read them. */
  readonly read: ReturnType<typeof declaredValues>;
  /** Paths that packs read and that are not declared, so that no claim is about them. */
  readonly undeclared: readonly string[];
  /** Names of the files that were written in the proof directory. */
  readonly files: readonly string[];
}

/** Advice if the log has the statement and its proof could not be saved. */
const AGAIN = 'The same command again saves its proof, and logs nothing more';

/**
 * Commits what a request declares. `pinning`: connects once to each locator without an identity, and names the signer
 * there. Refuses as `identify`, `assertNoSilentDowngrade`, `assertKept` and `LogClient.logStatement` do, and
 * `store-failed` if the proof could not be stored.
 */
export async function commit(
  client: LogClient,
  request: CommitRequest,
  options: CommitOptions & { readonly pinning?: Pinning | undefined },
): Promise<Committed> {
  const remark = options.onRemark ?? (() => undefined);
  const lost = aimless(request.declaration);
  if (lost.length > 0)
    remark({
      level: 'warning',
      text:
        `claims that do not say where to look stay UNKNOWN: ${lost.join(', ')}; say target: { locators: [HOST:PORT] } ` +
        'in the claims file, or, where there are several locators, params: { target: HOST:PORT } in each claim',
    });
  const known = await lookUp(client, request.subject);
  const { declaration, pinned } = await identify(client, request, known, options.pinning, remark);
  const single = ofOneKey(declaration);
  if (single.length > 0)
    remark({
      level: 'warning',
      text:
        `the target of ${single.join(', ')} is named by one key, and a look at its next key will show nothing of it: name the CA and the ` +
        'host, or all keys that it may have, under identity in target.locators',
    });
  const named = namedLeaves(request);
  if (named !== undefined) remark({ level: 'note', text: named });
  if (request.undeclared.length > 0)
    remark({
      level: 'warning',
      text: `no claim is about what is not declared: ${request.undeclared.map(showPath).join(', ')}`,
    });
  const shown = publicLeaves(declaration);
  if (shown !== undefined) remark({ level: 'warning', text: shown });
  const mayReplace = async (replaced: ProvenEntry): Promise<void> =>
    assertNoSilentDowngrade(request, () =>
      comparedCommitments(client, request.subject, replaced, known.policy),
    );
  const { undeclared } = request;
  return log(
    client,
    { declared: { ...request, declaration }, pinned, undeclared, mayReplace },
    known,
    options,
  );
}

/** Which leaves become public because claims name them; undefined if none does. */
function publicLeaves({ claims, openings = [] }: Declaration): string | undefined {
  if (openings.length === 0) return undefined;
  const named = declaredValues(claims).map(
    ({ path, value }) => `${showPath(path)} = ${printable(value, 200)}`,
  );
  const leaves = openings.length === 1 ? '1 leaf becomes' : `${openings.length} leaves become`;
  return `${leaves} public with this commitment, since claims read them: ${named.join('; ')}`;
}

/**
 * Commits the newest commitment of a subject again, with the identities that its locators show now. Claims, approvals
 * and contents stay. Refuses as `repin` and `commit` do.
 */
export async function commitRepinned(
  client: LogClient,
  subject: string,
  options: CommitOptions & { readonly pinning: Pinning },
): Promise<Committed> {
  const known = await lookUp(client, subject);
  const { newest, policy } = known;
  if (newest === undefined)
    throw refuse(
      'not-found',
      `the log has no commitment about ${printable(subject)}${await hint(client, subject)}`,
    );
  const standing = await comparedCommitments(client, subject, newest, policy);
  const { pinned, ...declared } = await repin(subject, standing, newest, options.folder, options.pinning);
  return log(client, { declared, pinned, mayReplace: () => Promise.resolve() }, known, options);
}

async function hint(client: LogClient, subject: string): Promise<string> {
  const snapshot = await client.snapshot();
  return nearestSubject((wanted) => snapshot.pages(wanted), subject);
}

async function lookUp(client: LogClient, subject: string): Promise<Known> {
  const view = await client.view();
  const policy = await client.policy(view);
  return { view, policy, newest: await client.newest(view, { subject, kind: 'commitment' }) };
}

interface ToLog extends Pick<Identified, 'pinned'> {
  readonly declared: Declared;
  /** Paths that packs read and that are not declared. */
  readonly undeclared?: readonly string[];
  /** Called before another commitment is replaced; may refuse. */
  readonly mayReplace: (replaced: ProvenEntry) => Promise<void>;
}

async function log(
  client: LogClient,
  { declared, pinned, undeclared = [], mayReplace }: ToLog,
  { view, newest, policy }: Known,
  { signer, folder, issuer, onRemark }: CommitOptions,
): Promise<Committed> {
  const { subject } = declared;
  const few = policy && fewApprovers(policy, declared, signer);
  if (few !== undefined) onRemark?.({ level: 'warning', text: few });
  // A logged entry cannot be taken back. So nothing is logged if its proof could not be stored.
  await tryFolder(folder);
  const owned = await asUsage(() => declared.owned(folder));
  const author = { signer, issuer: issuer ?? issuerOf(policy, signer.publicKey) };
  const what = { ...declared, log: view.opened.checkpoint.origin };
  const submit = async (before: ProvenEntry | undefined): Promise<Submitted> => {
    const prepared = await prepare(what, before, author, mayReplace);
    return { prepared, logged: await client.logStatement(prepared.statement, { goOn: AGAIN }) };
  };
  const again = (): Promise<ProvenEntry | undefined> => client.newest(view, { subject, kind: 'commitment' });
  const { prepared, logged } = await givingWay(declared, newest, again, submit);
  const files = await onceLoggedHere(logged.id, async () => {
    await keepEarlier(folder, logged.id);
    return saveProofs(folder, logged.evidence, owned);
  });
  return {
    subject,
    leaves: declared.leaves,
    logged,
    already: prepared.repeats || logged.already,
    supersedes: prepared.supersedes,
    pinned,
    read: declaredValues(declared.declaration.claims),
    undeclared,
    files,
  };
}

/**
 * Does the local work that follows after the log accepted the statement. A full disk does not change that the entry is
 * logged, so the refusal says so.
 */
function onceLoggedHere<T>(entry: string, work: () => Promise<T>): Promise<T> {
  return onceLogged(entry, AGAIN, () =>
    work().catch((error: unknown) => {
      throw faultOf(error) ?? error;
    }),
  );
}

/** A warning if too few keys may give the approvals that the new commitment asks for. */
function fewApprovers(
  policy: Policy,
  { subject, declaration }: Declared,
  { publicKey }: Signer,
): string | undefined {
  const kid = formatHex(keyThumbprint(publicKey));
  return tooFew(declaration.approvals ?? 0, approversFor(policy, subject, kid));
}

interface Submitted {
  readonly prepared: Prepared;
  readonly logged: LoggedStatement;
}

/**
 * Submits the statement as successor of the newest commitment of the subject. If another commitment was logged first, it
 * submits again as successor of that, unless it would drop something that the other one has (`assertKept`).
 */
async function givingWay(
  { subject, declaration }: Declared,
  first: ProvenEntry | undefined,
  newest: () => Promise<ProvenEntry | undefined>,
  submit: (before: ProvenEntry | undefined) => Promise<Submitted>,
): Promise<Submitted> {
  let before = first;
  for (let races = 0; ; races++) {
    try {
      return await submit(before);
    } catch (error) {
      const now = isOvertaken(error) && races < MOST_RACES ? await newest() : undefined;
      if (now === undefined || now.index === before?.index) throw error;
      assertKept(subject, declaration, now);
      before = now;
    }
  }
}

/** Writes a proof directory (declare/node/proofs.ts) over an older one; resolves with the names of its files. */
async function saveProofs(
  folder: string,
  evidence: Evidence,
  owned: OwnedFile | undefined,
): Promise<readonly string[]> {
  if (owned !== undefined) await replaceFile(join(folder, owned.name), owned.text, 0o600);
  const written = await saveEvidence(new ProofFolder(folder), evidence);
  return owned === undefined ? written : [owned.name, ...written];
}

/** How often a commit is tried again after another client was faster. */
const MOST_RACES = 8;

/** Whether the log says that another commitment about the subject came first. */
function isOvertaken(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'superseded-meanwhile';
}

/** Refuses `superseded-meanwhile` when the other commitment has claims, approvals, attestors or a target that `mine` lacks. */
function assertKept(subject: string, mine: Declaration, { index, bytes }: ProvenEntry): void {
  const parsed = parseStatement(bytes);
  if (parsed.kind !== 'commitment' || isWithdrawal(parsed.commitment)) return;
  const lost = changesOf(factsOf(parsed.commitment), factsOf(mine))
    .filter(
      ({ name, before }) =>
        before !== undefined && /^(?:claims|approvals|target|attestors)(?:[.]|$)/.test(name),
    )
    .map(({ name }) => printable(name, 100));
  if (lost.length === 0) return;
  const more = lost.length > 4 ? `, and ${lost.length - 4} more` : '';
  throw refuse(
    'superseded-meanwhile',
    `entry ${index} about ${printable(subject, 300)} was logged while this was made, and nothing is logged now: this would replace it ` +
      `without its ${lost.slice(0, 4).join(', ')}${more}; look at it (tallystick registry show ${printable(subject, 300)}), and then ` +
      'commit again what is to hold',
  );
}

/** How many of the declared leaves the claims name, if not all. */
function namedLeaves({ declaration, leaves }: CommitRequest): string | undefined {
  const named = declaration.openings?.length ?? 0;
  if (named === 0 || named >= leaves) return undefined;
  return `claims name ${named} of ${leaves} declared leaves; of the others a green gate says nothing, unless a claim compares with all`;
}
