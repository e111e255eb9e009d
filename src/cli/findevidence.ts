/** Finds evidence on disk: proof directories, single files of any name, and the proofs of a committed file. */
import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Evidence } from '../client/evidence.ts';
import { HEADER } from '../cose/labels.ts';
import { decodeReceipt } from '../cose/receipt.ts';
import { decodeSign1 } from '../cose/sign1.ts';
import { entryBytes } from '../cose/statement.ts';
import { detachReceipts, TRANSPARENT_LIMITS } from '../cose/transparent.ts';
import { TLOG_PROOF_VERSION } from '../note/tlogproof.ts';
import { holds } from './commit/files.ts';
import { parseDisclosure, parseLeaves, type Disclosure, type OwnedLeaves } from './commit/leafopening.ts';
import { parseOpening, type Opening } from './commit/opening.ts';
import { readNamedFile } from './files.ts';
import { PROOF_FILES, PROOFS_FOLDER } from './proofs.ts';

/** Evidence as found, and what belongs to it. */
export interface FoundEvidence {
  /** What the user named, for the report. */
  readonly name: string;
  readonly evidence: Evidence;
  /** What the owner keeps of the declaration, with the folder that its paths are told from. */
  readonly owned: { readonly opening: Opening; readonly base: string } | undefined;
  /** Leaves of a source: the owner's all of them, or those shown to whoever got the directory. */
  readonly leaves?: OwnedLeaves | undefined;
  readonly disclosure?: Disclosure | undefined;
  /** The committed files that were named, absolute; all of them when none was. */
  readonly named: readonly string[];
}

/**
 * Reads what paths name: proof directories, committed files (their proof directory is looked for in
 * `proofsFolder` and beside the file), or the files of one proof in any order. Refuses `not-found`, and
 * `usage` for files that are no proof of anything.
 */
export async function findEvidence(
  paths: readonly string[],
  proofsFolder: string,
): Promise<readonly FoundEvidence[]> {
  const folders = new Map<string, string[]>();
  const parts: string[] = [];
  for (const path of paths) {
    const owner = await ownerOf(path, proofsFolder);
    if (owner === undefined) {
      parts.push(path);
      continue;
    }
    const files = folders.get(owner.folder) ?? [];
    folders.set(owner.folder, owner.file === undefined ? files : [...files, owner.file]);
  }
  const found = await Promise.all(folders.entries().map(([folder, named]) => readFolder(folder, named)));
  return parts.length === 0 ? found : [...found, await readParts(parts)];
}

/** The files of one proof: a statement or entry, a receipt, a `.tlog-proof`. */
async function readParts(paths: readonly string[]): Promise<FoundEvidence> {
  const parts = await Promise.all(paths.map(async (path) => classify(await readNamedFile(path), path)));
  const name = paths.join(' + ');
  const beside = await Promise.all(paths.map((path) => statementBeside(path)));
  const statement = [...parts, ...beside].find((part) => part?.kind === 'statement');
  if (statement === undefined) {
    throw refuse('usage', `there is no statement in ${name}, nor beside it; name the statement file too`);
  }
  const loose = parts.filter((part) => part.kind === 'receipt').map(({ bytes }) => bytes);
  const proof = parts.find((part) => part.kind === 'proof')?.bytes;
  const { entry, receipts } = statement;
  const evidence = { entry, receipts: [...receipts, ...loose], proof, policy: undefined };
  return { name, evidence, owned: undefined, named: [] };
}

/** One file of evidence. */
type Part =
  | { readonly kind: 'statement'; readonly entry: Uint8Array; readonly receipts: readonly Uint8Array[] }
  | { readonly kind: 'receipt'; readonly bytes: Uint8Array }
  | { readonly kind: 'proof'; readonly bytes: Uint8Array };

/** Tells files apart by what they hold, not by their names. */
function classify(bytes: Uint8Array, path: string): Part {
  if (new TextDecoder().decode(bytes.subarray(0, TLOG_PROOF_VERSION.length)) === TLOG_PROOF_VERSION) {
    return { kind: 'proof', bytes };
  }
  // 0xd2: CBOR tag 18, which every COSE_Sign1 begins with (RFC 9052 §2).
  if (bytes[0] !== 0xd2) {
    throw refuse(
      'usage',
      `${path} is neither a statement, a receipt nor a .tlog-proof, and no proof of it was found`,
    );
  }
  const { payload } = decodeSign1(bytes, TRANSPARENT_LIMITS);
  if (payload !== null) return { kind: 'statement', ...takeApart(bytes) };
  decodeReceipt(bytes);
  return { kind: 'receipt', bytes };
}

function takeApart(bytes: Uint8Array): {
  readonly entry: Uint8Array;
  readonly receipts: readonly Uint8Array[];
} {
  const sign1 = decodeSign1(bytes, TRANSPARENT_LIMITS);
  if (!sign1.unprotected.has(HEADER.receipts)) return { entry: entryBytes(sign1), receipts: [] };
  const { statement, receipts } = detachReceipts(bytes);
  return { entry: statement, receipts };
}

/** A proof or receipt alone is about the statement that lies with it. */
async function statementBeside(path: string): Promise<Extract<Part, { kind: 'statement' }> | undefined> {
  const bytes = await optional(dirname(path), PROOF_FILES.statement);
  return bytes && { kind: 'statement', ...takeApart(bytes) };
}

async function readFolder(folder: string, named: readonly string[]): Promise<FoundEvidence> {
  const { entry, receipts } = takeApart(await readNamedFile(join(folder, PROOF_FILES.statement)));
  const alone = await optional(folder, PROOF_FILES.receipt);
  const policy = await optional(folder, PROOF_FILES.policy);
  const policyProof = await optional(folder, PROOF_FILES.policyProof);
  const keys = await optional(folder, PROOF_FILES.keys);
  const keysProof = await optional(folder, PROOF_FILES.keysProof);
  const evidence = {
    entry,
    receipts: receipts.length > 0 || alone === undefined ? receipts : [alone],
    proof: await optional(folder, PROOF_FILES.proof),
    policy: policy && policyProof && { entry: policy, proof: policyProof },
    keys: keys && keysProof && { entry: keys, proof: keysProof },
  };
  const opening = await openingIn(folder);
  const owned = opening && { opening, base: resolve(folder, opening.base) };
  const leaves = await parsed(folder, PROOF_FILES.leaves, parseLeaves);
  const disclosure = await parsed(folder, PROOF_FILES.disclosure, parseDisclosure);
  const name = named.length === 0 ? folder : named.join(', ');
  return { name, evidence, owned, leaves, disclosure, named };
}

async function parsed<T>(
  folder: string,
  name: string,
  parse: (bytes: Uint8Array, path: string) => T,
): Promise<T | undefined> {
  const bytes = await optional(folder, name);
  return bytes && parse(bytes, join(folder, name));
}

async function openingIn(folder: string): Promise<Opening | undefined> {
  const bytes = await optional(folder, PROOF_FILES.opening);
  return bytes && parseOpening(bytes, join(folder, PROOF_FILES.opening));
}

async function optional(folder: string, name: string): Promise<Uint8Array | undefined> {
  const path = join(folder, name);
  return existsSync(path) ? readNamedFile(path) : undefined;
}

/** The proof directory that a path stands for, and the committed file it is, if it is one. */
interface Owner {
  readonly folder: string;
  readonly file: string | undefined;
}

const PROOF_NAMES: ReadonlySet<string> = new Set(Object.values(PROOF_FILES));

/** Undefined when the path is to be read by itself. */
async function ownerOf(path: string, proofsFolder: string): Promise<Owner | undefined> {
  if (!existsSync(path)) throw refuse('not-found', `there is no ${path}`);
  if ((await stat(path)).isDirectory() && isProofFolder(path)) return { folder: path, file: undefined };
  if (PROOF_NAMES.has(basename(path)) && isProofFolder(dirname(path)))
    return { folder: dirname(path), file: undefined };
  const file = await realpath(path);
  for (const root of new Set([proofsFolder, join(dirname(file), PROOFS_FOLDER)])) {
    if (!existsSync(root)) continue;
    for (const name of (await readdir(root)).toSorted()) {
      const folder = join(root, name);
      // Another commitment's damaged opening is not this file's business.
      const opening = await openingIn(folder).catch(undefinedIfRefused);
      if (opening !== undefined && declares(opening, folder, file)) return { folder, file };
    }
  }
  return undefined;
}

function isProofFolder(folder: string): boolean {
  return existsSync(join(folder, PROOF_FILES.statement));
}

function undefinedIfRefused(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
  return undefined;
}

/** Whether an opening has this file, or files in this directory, among its leaves. */
function declares({ base, facts }: Opening, folder: string, path: string): boolean {
  const root = resolve(folder, base);
  return facts.some((fact) => holds(path, resolve(root, fact.path)));
}
