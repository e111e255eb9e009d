/** Makes the client of a log (client/client.ts) from a verb's settings; the client's remarks go to stderr. */
import type { Trust } from '../../client/evidence.ts';
import { openClient, type LogClient } from '../../client/client.ts';
import type { PeerResult } from '../../client/gossip.ts';
import type { CompletenessOptions, Remark } from '../../client/ports.ts';
import { HeadFiles } from '../../client/node/head-files.ts';
import type { Transport } from '../../client/transport.ts';
import type { VerifySignature } from '../../sign/algorithm.ts';
import { quickVerifier } from '../../workers/sound.ts';
import type { BatchHasher } from '../../tree/hash.ts';
import { logUrl } from './config.ts';
import type { Context } from './context.ts';
import type { JsonValue } from './output.ts';
import { keepingBundles } from './keeping.ts';
import { stateDirOf } from './state.ts';
import { trustOf } from './trust.ts';

/** How a verb's client differs from the configured one. */
export interface Whom extends CompletenessOptions {
  /** The log; the configured one if undefined. */
  readonly url?: string;
  readonly transport?: Partial<Transport>;
  /** If undefined, OpenSSL: the faster verifiers take longer to start than one command gains. */
  readonly verify?: VerifySignature;
  /** If undefined, Noble. */
  readonly hasher?: BatchHasher;
}

/** Refuses as `trustOf` does. */
export async function clientOf(context: Context, whom: Whom = {}): Promise<LogClient> {
  const trust = await trustOf(context);
  return clientTrusting(context, trust, whom, await fetchOf(context, whom.url ?? logUrl(context.config)));
}

/** The `fetch` for a log's URL; for a file: URL, one that reads the directory. Refuses `no-such-log` if it is not a log's. */
export async function fetchOf({ world }: Pick<Context, 'world'>, url: string): Promise<typeof fetch> {
  if (!url.startsWith('file:')) return world.fetch;
  const { openFolder } = await import('./folder.ts');
  return openFolder(url);
}

function clientTrusting(
  context: Context,
  trust: Trust,
  { url, transport, ...more }: Whom,
  fetch: typeof globalThis.fetch,
): LogClient {
  const { config, output, world } = context;
  return openClient({
    log: url ?? logUrl(config),
    trust,
    fetch,
    now: world.now,
    verify: quickVerifier(),
    ...transport,
    ...more,
    memory: new HeadFiles(stateDirOf(context)),
    // A directory is read as fast as what would be kept of it.
    ...(!(url ?? logUrl(config)).startsWith('file:') && { bundles: keepingBundles(context) }),
    peers: config.peer,
    untilSlow: world.sleep,
    onRemark: (remark) => tell(context, remark),
    progress: (label, total) => output.progress(label, total),
  });
}

/** What each output has printed. A verb that opens several clients says the same once, and once that heads cannot be stored. */
const told = new WeakMap<Context['output'], Set<string>>();

function tell({ output }: Pick<Context, 'output'>, { code, level, text }: Remark): void {
  const before = told.get(output) ?? new Set();
  told.set(output, before);
  const what = code === 'head-not-kept' ? code : `${level} ${text}`;
  if (before.has(what)) return;
  before.add(what);
  if (code === 'head-not-kept') output.note(`${text}; name a directory with --state-dir`);
  else if (level === 'warning') output.warn(text);
  else output.note(text);
}

/** How many peers agree. Each of the others has a remark of its own on stderr. */
export function peersLine(peers: readonly PeerResult[], asked: number): string {
  const agree = peers.filter(({ kind }) => kind === 'agrees').length;
  return agree === asked ? `${agree} agree` : `${agree} of ${asked} agree`;
}

export function peersJson(peers: readonly PeerResult[]): JsonValue {
  return peers.map(({ peer, kind }) => ({ url: peer, result: kind }));
}
