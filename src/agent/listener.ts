/**
 * A listener beside or in place of a target: it listens on ports, remembers under which nonce a line came to which of them, and
 * signs that for whoever asks with the same nonce (evidence/listener.ts). It does nothing else with what it receives.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { refuse } from '../bytes/refusal.ts';
import { MAX_LISTENED, MAX_RECEIVED, signStatement, type ListenerStatement } from '../evidence/listener.ts';
import { PAYLOAD_WORDS } from '../probe/net/payload.ts';
import type { Signer } from '../sign/signer.ts';

export interface ListenerOptions {
  /** The address to listen on. */
  readonly host: string;
  /** Where it is asked; sources may reach it. 0: the system chooses. */
  readonly control: number;
  /** The ports that are watched. */
  readonly ports: readonly number[];
  /** Name of the key. */
  readonly name: string;
  readonly signer: Signer;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface RunningListener {
  readonly control: number;
  readonly ports: readonly number[];
  close(): Promise<void>;
}

const LINE = new RegExp(`^${PAYLOAD_WORDS} ([0-9a-f]{64})$`);
const MAX_LINE_BYTES = 128;
/** Milliseconds that a connection may stay, and most connections of one port. */
const LINE_MS = 5_000;
const MAX_CONNECTIONS = 64;
/** Nonces that are remembered. */
const MAX_NONCES = 1_000;

/**
 * What came under each nonce. When the oldest is forgotten, statements say since when nothing was. A connection that brought no line, or
 * none yet, counts as forgotten: nobody knows of which run it was.
 */
export class Memory {
  readonly #received = new Map<string, { readonly port: number; readonly from: string }[]>();
  readonly #now: () => number;
  /** The latest second that was said: a clock that is set back must not make what is forgotten later seem earlier. */
  #said = 0;
  #since: number;
  #waiting = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = this.#next();
  }

  /** A connection came to a watched port. Its line, or the lack of one, is told later (`settled`). */
  came(): void {
    this.#waiting += 1;
  }

  settled(hasLine: boolean): void {
    this.#waiting -= 1;
    if (!hasLine) this.#forgot();
  }

  /** A connection came to a watched port, and was closed unread. */
  dropped(): void {
    this.#forgot();
  }

  /** Remembers that a line with the nonce came to a port. */
  note(nonce: string, port: number, from: string): void {
    const known = this.#received.get(nonce) ?? [];
    if (known.some((each) => each.port === port && each.from === from)) return;
    if (known.length >= MAX_RECEIVED) return this.#forgot();
    this.#received.set(nonce, [...known, { port, from }]);
    const [oldest] = this.#received.keys();
    if (this.#received.size <= MAX_NONCES || oldest === undefined) return;
    this.#received.delete(oldest);
    this.#forgot();
  }

  says(nonce: string, asked: number, open: readonly number[]): ListenerStatement {
    const at = Math.floor(this.#now() / 1000);
    this.#said = Math.max(this.#said, at);
    const since = this.#waiting > 0 ? this.#next() : this.#since;
    return { nonce, asked, open, received: this.#received.get(nonce) ?? [], since, at };
  }

  #forgot(): void {
    this.#since = this.#next();
  }

  /** The next full second: what was asked within this one may have been before. */
  #next(): number {
    return Math.max(Math.floor(this.#now() / 1000), this.#said) + 1;
  }
}

/** Listens until it is closed. Refuses `usage` for no port or too many, and `config-invalid` for a port that cannot be had. */
export async function startListener(options: ListenerOptions): Promise<RunningListener> {
  const { host, control, ports } = options;
  if (ports.length === 0 || ports.length > MAX_LISTENED || new Set([control, ...ports]).size <= ports.length)
    throw refuse(
      'usage',
      `a listener watches 1 to ${MAX_LISTENED} ports, each once, and is asked at another`,
    );
  const memory = new Memory(options.now);
  const servers: Server[] = [];
  const open: number[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  };
  try {
    for (const port of [control, ...ports]) {
      const isControl = servers.length === 0;
      const server = createServer((socket) => {
        // A key that cannot sign now, as of an agent that is away, leaves the question without an answer.
        serve(socket, isControl, memory, open, options).catch(() => socket.destroy());
      });
      server.maxConnections = MAX_CONNECTIONS;
      if (!isControl) server.on('drop', () => memory.dropped());
      servers.push(server);
      const own = await bound(server, port, host);
      if (!isControl) open.push(own);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [asked] = servers.map((server) => portOf(server));
  return { control: asked ?? control, ports: open, close };
}

function bound(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(refuse('config-invalid', `port ${port} of ${host} cannot be had: ${cause.message}`, { cause })),
    );
    server.listen(port, host, () => resolve(portOf(server)));
  });
}

function portOf(server: Server): number {
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('a server that listens has a port');
  return at.port;
}

/** Reads one line, notes it unless it is a question, and answers with a statement. Anything else is closed without a word. */
async function serve(
  socket: Socket,
  isControl: boolean,
  memory: Memory,
  open: readonly number[],
  { name, signer }: ListenerOptions,
): Promise<void> {
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(), LINE_MS);
  socket.once('close', () => clearTimeout(timer));
  if (!isControl) memory.came();
  // Both are undefined once the connection is closed.
  const { localPort: port = 0, remoteAddress: from = '' } = socket;
  const nonce = LINE.exec(await lineOf(socket))?.[1];
  if (!isControl) memory.settled(nonce !== undefined && from !== '');
  if (nonce === undefined || from === '') return void socket.destroy();
  if (!isControl) memory.note(nonce, port, from.replace(/^::ffff:/, '').replace(/%.*$/, ''));
  socket.end(await signStatement(memory.says(nonce, port, open), name, signer));
}

/** The first line without its end; empty if none comes within the bound. */
async function lineOf(socket: Socket): Promise<string> {
  let text = '';
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      const end = text.indexOf('\n');
      if (end >= 0) return text.slice(0, end);
      if (text.length > MAX_LINE_BYTES) return '';
    }
  } catch {
    // The other side broke off.
  }
  return '';
}
