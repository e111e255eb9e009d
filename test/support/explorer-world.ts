/**
 * A log for the tests of pages: a subject that a real TLS server proved and violated, one whose transcripts an agent made up,
 * subjects and owners with hostile names, and a change of policy that revokes a key. A witness cosigns what the proxy serves.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, leafIndex } from '#src/bytes/brand.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { openClient, type LogClient } from '#src/client/client.ts';
import type { HeadMemory } from '#src/client/ports.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { formatVkey } from '#src/note/key.ts';
import type { RunningLog } from '#src/service/running.ts';
import { encodeCommitment, encodeProof } from '#src/statement/payload.ts';
import { parseStatement } from '#src/statement/parse.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { signOwn } from '#src/statement/sign.ts';
import { certificate, nodeTls } from './e3-targets.ts';
import { forgedFor } from './forged-transcript.ts';
import { run } from './processes.ts';
import { dataIn, keyIn, makeLog, serveLog, startLog } from './running-log.ts';
import { seedSigner } from './seed-signer.ts';

export const ORIGIN = 'pages.example/log';
export const SHOP = 'web/shop';
export const FORGED = 'web/forged';
const HOST = 'shop.example';

/** The one witness: it cosigns whatever the proxy serves, unless a lie says otherwise. */
export const WITNESS = {
  name: 'w.example',
  type: 4,
  signer: seedSigner('ed25519', new Uint8Array(32).fill(9)),
} as const;

/** Names that would do something where a page took them for more than text. */
export const HOSTILE_SUBJECTS = [
  `x/<img src=x onerror="window.owned='subject'">`,
  `x/"><script>window.owned='script'</script>`,
  `x/'-alert(1)-' \${window.owned='template'} {{7*7}} javascript:window.owned='href'`,
  'x/../../../e/0?a=b#c%00%2e%2e',
  'x/\u202egnp.exe\u202c\u2066right-to-left\u2069\u200b',
  `x/${'long'.repeat(250)}`,
] as const;

export interface ExplorerWorld {
  readonly dir: string;
  readonly log: RunningLog;
  /** Of the honest log. */
  readonly url: string;
  /** The reader's policy: the log's keys, and a quorum of the witness. */
  readonly policy: string;
  /** Every entry, by index. */
  entries(): Promise<readonly Uint8Array[]>;
  readonly at: Places;
  /** Logs one more text. */
  more(): Promise<void>;
}

/** Indices of entries. */
export interface Places {
  readonly declared: number;
  readonly proofs: readonly number[];
  readonly forged: number;
  readonly policy: number;
  readonly waiver: number;
  readonly hostile: readonly number[];
}

/** Keys of a log that `makeLog` made, as they sign heads. */
export function headKeysOf(data: string, origin = ORIGIN) {
  const key = (name: string) => keyIn(join(data, 'keys', name));
  return {
    origin,
    issuer: `https://${origin}`,
    checkpoint: [
      { name: origin, type: 1, signer: key('checkpoint-ed25519.pem') },
      { name: origin, type: 6, signer: key('checkpoint-ml-dsa-44.pem') },
    ],
    receipt: key('receipt-ed25519.pem'),
  } as const;
}

export function clientOf(log: string, policy: string, memory?: HeadMemory, full = false): LogClient {
  return openClient({
    log,
    trust: trustPolicy(encodeUtf8(policy)),
    fetch,
    now: Date.now,
    full,
    patienceMs: 0,
    ...(memory && { memory }),
  });
}

/** Makes and serves the world until the test ends. */
export async function explorerWorld(t: Test): Promise<ExplorerWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-pages-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const data = dataIn(dir);
  await makeLog(dir, ORIGIN);
  const log = await startLog(t, data, ORIGIN);
  const url = await serveLog(t, log);
  const speaker = new Speaker(dir, log, url);
  const proofs = await speaker.prove(await target(t, dir));
  const forged = await speaker.forge(proofs[0] ?? 0);
  const hostile = await speaker.declareHostile();
  const [policy, waiver] = await speaker.revokeAndWaive();
  const own = readFileSync(join(data, 'trust.policy'), 'utf8')
    .replace(/^quorum none$/m, '')
    .trimEnd();
  const witness = formatVkey(WITNESS.name, WITNESS.type, WITNESS.signer.publicKey);
  return {
    dir,
    log,
    url,
    policy: `${own}\nwitness ${WITNESS.name} ${witness}\nquorum ${WITNESS.name}\n`,
    entries: () => speaker.entries(),
    at: { declared: 1, proofs, forged, policy, waiver, hostile },
    more: () => speaker.more(),
  };
}

/** A server that takes TLS 1.2 and 1.3. */
async function target(t: Test, dir: string): Promise<string> {
  const { key, cert } = certificate(dir, 'p256', `DNS:${HOST}`);
  const server = await nodeTls({ key, cert, minVersion: 'TLSv1.2' });
  t.teardown(() => server.stop());
  return `127.0.0.1:${server.port}`;
}

function claimsAbout(place: string): string {
  const claim = (id: string, expr: string, evidence: string): string =>
    `  - { id: ${id}, probe: tls@1, params: { servername: ${HOST} }, expr: "${expr}", minEvidence: ${evidence}, cadence: 1h, severity: critical }`;
  return [
    `target: { owner: web, locators: ["${place}"] }`,
    'tier: background',
    'claims:',
    claim('speaks-tls13', "o.tls.accepted['TLSv1.3']", 'E3'),
    claim('refuses-tls12', "!o.tls.accepted['TLSv1.2']", 'E1'),
    '',
  ].join('\n');
}

/** Everybody who has something logged. */
class Speaker {
  readonly #dir: string;
  readonly #log: RunningLog;
  readonly #url: string;

  constructor(dir: string, log: RunningLog, url: string) {
    this.#dir = dir;
    this.#log = log;
    this.#url = url;
  }

  async entries(): Promise<readonly Uint8Array[]> {
    const { reader } = this.#log;
    return (await reader.entries(0, reader.head().size)).map(({ bytes }) => bytes);
  }

  /** Commits to two subjects and proves the first twice. Resolves to the indices of the proofs. */
  async prove(place: string): Promise<readonly number[]> {
    writeFileSync(join(this.#dir, 'claims.yaml'), claimsAbout(place));
    writeFileSync(join(this.#dir, 'shop.conf'), 'ssl_protocols TLSv1.3;\n');
    for (const subject of [SHOP, FORGED])
      await this.#command(0, 'commit', 'shop.conf', '--claims', 'claims.yaml', '--pin', '--subject', subject);
    const proofs: number[] = [];
    for (let i = 0; i < 2; i++) {
      // VIOLATED: that TLS 1.2 is refused.
      await this.#command(3, 'prove', '--subject', SHOP, '--target', place);
      proofs.push(this.#log.reader.head().size - 1);
    }
    return proofs;
  }

  /** Logs a proof of the second subject with the transcripts of the first. */
  async forge(proofIndex: number): Promise<number> {
    const entries = await this.entries();
    const declared = entries.findIndex((entry) => parseStatement(entry).subject === FORGED);
    const parsed = parseStatement(entries[proofIndex] ?? new Uint8Array());
    if (parsed.kind !== 'proof') throw new Error('the entry is a proof');
    const commitment = sha256(entries[declared] ?? new Uint8Array());
    const payload = encodeProof(forgedFor(commitment, parsed.proof));
    return this.#say('proof', FORGED, payload, 'agent', parsed.issuer);
  }

  declare(subject: string, change: Partial<Declaration>): Promise<number> {
    const payload = encodeCommitment({
      environment: 'test',
      tier: 'background',
      source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
      canon: { profile: 'files/1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: digest(sha256(encodeUtf8(subject))) },
      scope: { world: 'open' },
      claims: [],
      ...change,
    });
    return this.#say('commitment', subject, payload, 'author');
  }

  /** Logs something new, and waits until a head that has it is out. */
  async more(): Promise<void> {
    const { reader } = this.#log;
    const index = await this.declare(`x/more ${reader.head().size}`, {});
    await reader.published(leafIndex(index), 10_000);
  }

  async declareHostile(): Promise<readonly number[]> {
    const hostile: number[] = [];
    for (const [i, subject] of HOSTILE_SUBJECTS.entries()) {
      const name = HOSTILE_SUBJECTS[(i + 1) % HOSTILE_SUBJECTS.length] ?? '';
      hostile.push(
        await this.declare(subject, { target: { owner: name.slice(0, 200) }, claims: [HOSTILE_CLAIM] }),
      );
    }
    return hostile;
  }

  /** A change of policy that revokes a key, and a waiver. */
  async revokeAndWaive(): Promise<readonly [policy: number, waiver: number]> {
    await this.#command(0, 'policy', 'revoke', 'first submitter key', '--reason', 'laptop stolen', '--yes');
    const policy = this.#log.reader.head().size - 1;
    const why = ['--owner', 'Alice', '--reason', 'old <b>terminal</b>', '--until', '7d'];
    await this.#command(0, 'waive', SHOP, 'refuses-tls12', ...why);
    return [policy, this.#log.reader.head().size - 1];
  }

  async #say(
    kind: 'commitment' | 'proof',
    subject: string,
    payload: Uint8Array,
    who: string,
    issuer = 'https://team.example',
  ) {
    const signer = keyIn(join(dataIn(this.#dir), 'keys', `${who}.pem`));
    const statement = await signOwn({ kind, log: ORIGIN, issuer, subject, confirm: true }, payload, signer);
    const [outcome] = await this.#log.submit([statement]);
    if (outcome === undefined || !('index' in outcome))
      throw new Error(`not logged: ${JSON.stringify(outcome)}`);
    return outcome.index;
  }

  async #command(code: number, ...args: readonly string[]): Promise<void> {
    const ran = await run(this.#dir, ...args, '--log', this.#url);
    if (ran.code !== code) throw new Error(`${args.join(' ')}: ${ran.code}: ${ran.err}${ran.out}`);
  }
}

/** A claim whose texts are hostile, too. */
const HOSTILE_CLAIM: Claim = {
  id: 'hostile',
  title: '<svg onload="window.owned=1">\u202etitle',
  expr: "o.tls.accepted['TLSv1.2'] == false",
  probe: 'tls@1',
  minEvidence: 'E1',
  cadence: 3_600,
  deadline: 300,
  grace: 1,
  severity: 'critical',
};
