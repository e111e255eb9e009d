/**
 * Delegations for the nodes of a cluster: a public key of each, as a file named after the node, becomes a delegation file
 * (spec/statements.md §5a). Whoever runs it again renews them.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { kidOf } from '../cose/key.ts';
import { readNamedKey } from '../keys/named.ts';
import { isFolder, makeFolder, readNamedFile, replaceFile } from '../platform/files.ts';
import { assertDelegated, assertDelegationSigned, delegatorOf } from '../registration/delegated.ts';
import { thumbprintUri } from '../registration/issuer.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import { NODE_NAME, parseDelegation, signDelegation, type Delegation } from '../statement/delegation.ts';
import type { Policy } from '../statement/policy.ts';

/** A node, its key, and where its delegation is written. */
export interface NodeKey {
  readonly node: string;
  readonly key: PublicKey;
  readonly file: string;
}

/** What is delegated to each node. Times are POSIX seconds. */
export interface DelegateOptions {
  /** Patterns of subjects; `{node}` stands for the node's name, and each ends in `/{node}`. */
  readonly subjects: readonly string[];
  readonly issuer: string;
  readonly from: number;
  readonly until: number;
  readonly apart: boolean;
  /** A node whose delegation lasts until then or longer is left out; undefined: none is. */
  readonly unlessUntil?: number | undefined;
}

export interface Delegated {
  readonly node: string;
  readonly file: string;
  readonly kid: string;
  readonly notAfter: number;
  /** False if its delegation lasts long enough, and none was made. */
  readonly made: boolean;
}

/** Files of public keys in a folder end so. */
const PUBLIC = '.pub';
const SUFFIX = '.delegation';
/** Most nodes of one run. */
const MAX_NODES = 20_000;

/**
 * The nodes that a user means: a file is the key of one (`node`, by default the file's name), a folder has a file `NODE.pub`
 * for each. `out`: the file or folder to write. Refuses `usage`, `not-found`, and as `readNamedKey` does.
 */
export async function nodesNamed(
  named: string,
  { node, out, cwd }: { readonly node: string | undefined; readonly out: string; readonly cwd: string },
): Promise<readonly NodeKey[]> {
  if (!isFolder(named)) {
    const name = nodeNamed(node ?? basename(named).replace(/\.(?:pub|pem|key)$/, ''));
    const file = isFolder(out) ? join(out, `${name}${SUFFIX}`) : out;
    return [{ node: name, key: await readNamedKey(named, cwd), file }];
  }
  if (node !== undefined)
    throw refuse('usage', 'a folder names its nodes by its files; give one file to name one node');
  const files = (await readdir(named)).filter((each) => each.endsWith(PUBLIC)).toSorted();
  if (files.length === 0 || files.length > MAX_NODES)
    throw refuse(
      'not-found',
      `${named} has ${files.length} files NODE${PUBLIC}; it must have 1 to ${MAX_NODES}`,
    );
  const nodes: NodeKey[] = [];
  for (const file of files) {
    const name = nodeNamed(file.slice(0, -PUBLIC.length));
    const key = await readNamedKey(join(named, file), cwd);
    nodes.push({ node: name, key, file: join(out, `${name}${SUFFIX}`) });
  }
  assertApart(nodes);
  return nodes;
}

function nodeNamed(text: string): string {
  if (NODE_NAME.test(text)) return text;
  throw refuse('usage', `${printable(text, 80)} is no name of a node: letters, digits, dots and hyphens`);
}

/** One key for two nodes would let each speak for the other. */
function assertApart(nodes: readonly NodeKey[]): void {
  const seen = new Map<string, string>();
  for (const { node, key } of nodes) {
    const kid = kidOf(key);
    const other = seen.get(kid);
    if (other !== undefined)
      throw refuse('usage', `nodes ${other} and ${node} have the same key; give each a key of its own`);
    seen.set(kid, node);
  }
}

/**
 * Signs and writes a delegation for each node. Nothing is written unless the policy lets `signer` delegate all of it.
 * Refuses `unknown-key`, `wrong-role`, `subject-not-allowed`, `policy-rejected`, `malformed-payload`.
 */
export async function delegate(
  nodes: readonly NodeKey[],
  options: DelegateOptions,
  policy: Policy,
  signer: Signer,
): Promise<readonly Delegated[]> {
  if (!policy.keys.has(kidOf(signer.publicKey)))
    throw refuse(
      'unknown-key',
      'the log does not know the key that is to delegate: an admin enrols it in the role delegator with `tallystick policy enrol`',
    );
  const made: { readonly file: string; readonly delegation: Delegation; readonly isNew: boolean }[] = [];
  for (const each of nodes) {
    const kept = await keptOf(each, options, policy, signer);
    const delegation = kept ?? (await signFor(each, options, policy, signer));
    const kid = kidOf(delegation.key);
    const own = { kid, issuer: thumbprintUri(kid) };
    const enrolment = delegatorOf(policy, kid, delegation);
    for (const subject of delegation.subjects) {
      const window = { start: delegation.notBefore, end: delegation.notBefore };
      // One subject of the pattern is tried. The log checks that of each proof.
      assertDelegated(
        policy,
        enrolment,
        delegation,
        { ...own, subject: subject.replaceAll(/\*+/g, 'x'), proof: { window } },
        undefined,
      );
    }
    made.push({ file: each.file, delegation, isNew: kept === undefined });
  }
  for (const { file, delegation, isNew } of made) if (isNew) await write(file, delegation);
  return made.map(({ file, delegation: { node, key, notAfter }, isNew }) => ({
    node,
    file,
    kid: kidOf(key),
    notAfter,
    made: isNew,
  }));
}

function signFor(
  { node, key }: NodeKey,
  { subjects, issuer, from, until, apart }: DelegateOptions,
  { document, keys }: Policy,
  signer: Signer,
): Promise<Delegation> {
  if (keys.has(kidOf(key)))
    throw refuse('policy-rejected', `the key of node ${node} is enrolled itself, and needs no delegation`);
  const said = {
    key,
    node,
    subjects: subjectsOf(subjects, node),
    notBefore: from,
    notAfter: until,
    ...(apart && { apart: true as const }),
  };
  return signDelegation({ ...said, log: document.origin, issuer }, signer);
}

function subjectsOf(patterns: readonly string[], node: string): readonly string[] {
  return patterns.map((each) => each.replaceAll('{node}', node));
}

/** The delegation that is there, if it says what would be said now, by the same signer, and lasts long enough. */
async function keptOf(
  { node, key, file }: NodeKey,
  { subjects, issuer, apart, unlessUntil }: DelegateOptions,
  policy: Policy,
  signer: Signer,
): Promise<Delegation | undefined> {
  if (unlessUntil === undefined || !existsSync(file)) return undefined;
  try {
    const there = parseDelegation(await readNamedFile(file));
    const isSame =
      kidOf(there.key) === kidOf(key) &&
      there.kid === kidOf(signer.publicKey) &&
      there.node === node &&
      there.issuer === issuer &&
      (there.apart === true) === apart &&
      there.audience.includes(policy.document.origin) &&
      there.subjects.join('\n') === subjectsOf(subjects, node).join('\n');
    if (!isSame || there.notAfter < unlessUntil) return undefined;
    assertDelegationSigned(policy, kidOf(key), there);
    return there;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function write(file: string, { bytes }: Delegation): Promise<void> {
  await makeFolder(join(file, '..'));
  await replaceFile(file, bytes);
}
