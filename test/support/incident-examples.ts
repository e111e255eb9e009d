/** One true incident of every kind, made from a hostile log: what watchers would write. */
import { contradiction, splitView, type NotedHead } from '../../src/client/history.ts';
import { digest } from '../../src/bytes/brand.ts';
import { decodeUtf8, formatBase64, parseHex } from '../../src/bytes/text.ts';
import { SALTED_TREE } from '../../src/statement/saltedleaf.ts';
import { EMPTY_ROOT } from '../../src/tree/hash.ts';
import { encodeProof } from '../../src/statement/payload.ts';
import { TileReader } from '../../src/client/tiles.ts';
import {
  makeIncident,
  type Evidence,
  type Incident,
  type LoggedEvidence,
} from '../../src/incident/incident.ts';
import { formatVkey, verifierOf, type NoteSigner } from '../../src/note/key.ts';
import { appendSignatures } from '../../src/note/note.ts';
import { badSignature, brokenChain } from './hostile-entries.ts';
import { forgedLine, type HostileLog } from './hostile-log.ts';
import {
  commitmentStatement,
  entryIdOf,
  ISSUER,
  ORIGIN,
  otherStatement,
  people,
  proofStatement,
  ownStatement,
} from './world.ts';
import { seedSigner } from './seed-signer.ts';

export const witness: NoteSigner = {
  name: 'witness.example/w1',
  type: 4,
  signer: seedSigner('ed25519', new Uint8Array(32).fill(91)),
};
export const witnessVkey = formatVkey(witness.name, witness.type, witness.signer.publicKey);
export const quorumPolicy = `witness w1 ${witnessVkey}\nquorum w1\n`;

export function incidentOf(log: Pick<HostileLog, 'origin' | 'vkeys'>, evidence: Evidence): Incident {
  return makeIncident({
    origin: log.origin,
    vkeys: log.vkeys,
    detector: 'monitor.example',
    detected: '2027-01-15T08:00:00.000Z',
    what: `a test saw ${evidence.kind}`,
    about: 'a test',
    evidence,
  });
}

export async function note(log: HostileLog, size = log.size(), branch = log.serving): Promise<string> {
  return decodeUtf8(await log.note(size, branch));
}

export async function logged(log: HostileLog, index: number, size?: number): Promise<LoggedEvidence> {
  const entry = log.entriesOf()[index];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return { index, entry: formatBase64(entry), proof: decodeUtf8(await log.proof(index, size)) };
}

/** Two heads, one of each branch, and what contradicts them. */
export async function splitOf(
  log: HostileLog,
  [small, one]: readonly [size: number, branch: string],
  [large, other]: readonly [size: number, branch: string],
): Promise<Evidence> {
  const head = async (size: number, branch: string): Promise<NotedHead> => ({
    note: await log.note(size, branch),
    head: log.checkpoint(size, branch),
  });
  const [a, b] = [await head(small, one), await head(large, other)];
  const tiles = new TileReader({ fetch, now: Date.now, patienceMs: 0 }, log.urlOf(other));
  const found = await contradiction(tiles, a.head, b.head);
  if (found === undefined) throw new Error('one history');
  return splitView(a, b, found);
}

/** What each incident should come to, by name. The log of world.ts grows by all that they need. */
export async function examples(
  log: HostileLog,
): Promise<Record<string, { readonly evidence: Evidence; readonly outcome: 'proven' | 'reported' }>> {
  const bad = log.append(...(await badSignature('urn:bad')).entries);
  const commitment = await commitmentStatement('urn:watched');
  const first = await proofStatement('urn:watched', entryIdOf(commitment), 0, undefined);
  log.append(commitment);
  const last = log.append(first);
  const wanted = await commitmentStatement('urn:claims', {
    claims: [
      { id: 'c', expr: 'true', probe: 'tls@1', minEvidence: 'E1', cadence: 600, severity: 'low', grace: 1 },
    ],
  });
  const claim = log.append(wanted, await claimProof('urn:claims', entryIdOf(wanted)));
  const chain = log.append(...(await brokenChain('urn:chain')).entries);
  log.fork(4, 'b', [await otherStatement('x'), await otherStatement('y'), await otherStatement('z')]);
  const head = await note(log);
  const forged = decodeUtf8(appendSignatures(await log.note(), [forgedLine(verifierOf(witness))]));
  return {
    'split view, one size': { evidence: await splitOf(log, [7, 'main'], [7, 'b']), outcome: 'proven' },
    'split view, two sizes': { evidence: await splitOf(log, [6, 'main'], [7, 'b']), outcome: 'proven' },
    rollback: { evidence: { kind: 'rollback', heads: [head, await note(log, 3)] }, outcome: 'reported' },
    stale: {
      evidence: { kind: 'stale-head', head, ageSeconds: 7200, limitSeconds: 3600 },
      outcome: 'reported',
    },
    'stale, newer known': {
      evidence: {
        kind: 'stale-head',
        head: await note(log, 3),
        newer: head,
        ageSeconds: 0,
        limitSeconds: 3600,
      },
      outcome: 'reported',
    },
    quorum: { evidence: { kind: 'quorum-lost', head, policy: quorumPolicy }, outcome: 'reported' },
    forged: {
      evidence: { kind: 'forged-cosignature', head: forged, vkey: witnessVkey },
      outcome: 'reported',
    },
    tampered: {
      evidence: { kind: 'tampered-data', head, path: 'tile/entries/000.p/3', served: 'AAAA' },
      outcome: 'reported',
    },
    rejected: {
      evidence: {
        kind: 'entry-rejected',
        entry: await logged(log, bad),
        code: 'bad-signature',
        policy: await logged(log, 0),
      },
      outcome: 'proven',
    },
    chain: {
      evidence: {
        kind: 'chain-broken',
        entry: await logged(log, chain + 3),
        code: 'chain-broken',
        policy: await logged(log, 0),
        before: await logged(log, chain + 2),
      },
      outcome: 'proven',
    },
    issuer: {
      evidence: {
        kind: 'unexpected-issuer',
        entry: await logged(log, last),
        subject: 'urn:watched',
        issuer: ISSUER,
        expected: ['https://somebody.else'],
      },
      outcome: 'proven',
    },
    'missed claim': {
      evidence: {
        kind: 'missed-proof',
        head,
        last: await logged(log, claim + 1),
        due: '2027-01-15T08:21:00Z',
        subject: 'urn:claims',
        claim: 'c',
        commitment: await logged(log, claim),
      },
      outcome: 'reported',
    },
    'missed claim, never proven': {
      evidence: {
        kind: 'missed-proof',
        head,
        last: await logged(log, claim),
        due: '2027-01-15T08:10:00Z',
        subject: 'urn:claims',
        claim: 'c',
        commitment: await logged(log, claim),
      },
      outcome: 'reported',
    },
    missed: {
      evidence: {
        kind: 'missed-proof',
        head,
        last: await logged(log, last),
        due: new Date(1_800_003_600_000).toISOString(),
        subject: 'urn:watched',
      },
      outcome: 'reported',
    },
  };
}

/** A runtime proof with one result, for the claim `c`; its window ends at 1 800 000 060. */
function claimProof(subject: string, commitment: string): Promise<Uint8Array> {
  const payload = encodeProof({
    commitment: digest(parseHex(commitment)),
    agent: { name: 'agent', version: '0' },
    seq: 0,
    challenge: {
      origin: ORIGIN,
      size: 1,
      root: digest(parseHex(commitment)),
      nonce: digest(parseHex(commitment)),
    },
    window: { start: 1_800_000_000, end: 1_800_000_060 },
    results: [{ claim: 'c', verdict: 'UNKNOWN', evidence: 'E0', explain: 'the target was away' }],
    population: { source: 'all', total: 0, sampled: 0, method: 'all' },
    observations: { alg: SALTED_TREE, count: 0, root: EMPTY_ROOT },
    coverage: { declared: 0, compared: 0, excluded: 0 },
    cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
    nextDue: 1_800_003_600,
  });
  return ownStatement('proof', subject, payload, people.agent);
}
