/**
 * What a log says of itself: `GET /v1/log` and `GET /readyz`, which are Tallystick's own. Nobody signs it, and nothing of it
 * is verified: it is for people. A reader who trusts a key of the log asks for a view (client.ts).
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { jsonIn, memberOf } from './json-reply.ts';
import { refusalOf } from './problem.ts';
import { exchange, type Transport } from './transport.ts';

const MAX_BYTES = 65_536;
/** The end of the year 9999, POSIX seconds. */
const LAST_TIME = 253_402_300_799;

export interface LogFacts {
  readonly version: string;
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Of its newest head, POSIX seconds. */
  readonly time: number;
  readonly vkeys: readonly string[];
  readonly open: boolean;
  /** Null for a log without witnesses. */
  readonly witnessing: Witnessing | null;
  /** Null for a log that logs no witnessed heads. */
  readonly noticing: NoticingFacts | null;
}

/** The witnessed heads in the log, as the log says. */
export interface NoticingFacts {
  /** The newest: its entry, the size of its head, and when that had its quorum, POSIX seconds. */
  readonly last: { readonly index: number; readonly size: number; readonly time: number } | null;
  /** Why the last attempt failed. */
  readonly fault: string | null;
}

export interface Witnessing {
  readonly quorum: string | null;
  readonly met: boolean;
  readonly witnesses: readonly WitnessFacts[];
}

export interface WitnessFacts {
  readonly name: string;
  /** Absent where a log does not say it. */
  readonly vkey?: string;
  /** When it cosigned last, POSIX seconds. */
  readonly cosigned: number | null;
  /** Entries that it has not seen. */
  readonly behind: number;
  readonly alarm: string | null;
}

/** Whether a log takes submissions, and why not. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** Refuses `not-found` for a host that has no word of its own, `unavailable` for one that answers something else. */
export async function askFacts(transport: Transport, log: string): Promise<LogFacts> {
  const facts = await ask(transport, `${log}/v1/log`, [200]);
  return {
    version: facts.text('version'),
    origin: facts.text('origin'),
    size: facts.whole('size'),
    root: facts.text('root'),
    time: facts.whole('time', LAST_TIME),
    vkeys: facts.texts('vkeys'),
    open: facts.flag('open'),
    witnessing: facts.optional('witnessing', witnessingIn),
    noticing: facts.optional('noticing', noticingIn),
  };
}

/** Refuses `unavailable`. A log that is not ready answers 503 with the same form. */
export async function askReadiness(transport: Transport, log: string): Promise<Readiness> {
  const answer = await ask(transport, `${log}/readyz`, [200, 503]);
  return { ready: answer.flag('ready'), reasons: answer.texts('reasons') };
}

function witnessingIn(fields: Fields): Witnessing {
  const witnesses = fields.list('witnesses').map((each) => ({
    name: each.text('name'),
    ...(each.has('vkey') && { vkey: each.text('vkey') }),
    cosigned: each.isNull('cosigned') ? null : each.whole('cosigned'),
    behind: each.whole('behind'),
    alarm: each.isNull('alarm') ? null : each.text('alarm'),
  }));
  return {
    quorum: fields.isNull('quorum') ? null : fields.text('quorum'),
    met: fields.flag('met'),
    witnesses,
  };
}

function noticingIn(fields: Fields): NoticingFacts {
  const last = fields.optional('last', (each) => ({
    index: each.whole('index'),
    size: each.whole('size'),
    time: each.whole('time', LAST_TIME),
  }));
  return { last, fault: fields.isNull('fault') ? null : fields.text('fault') };
}

async function ask(transport: Transport, url: string, statuses: readonly number[]): Promise<Fields> {
  const accept = { accept: 'application/json', maxBytes: MAX_BYTES };
  const reply = await exchange(transport, new URL(url), accept);
  if (!statuses.includes(reply.status)) throw refusalOf(reply);
  return new Fields(jsonIn(reply.body), url);
}

/** Members of an answer, each of the kind that is asked for. Everything refuses `unavailable`; unknown members are left. */
class Fields {
  readonly #value: object;
  readonly #url: string;

  constructor(value: unknown, url: string) {
    this.#url = url;
    if (typeof value !== 'object' || value === null) throw this.#misfit();
    this.#value = value;
  }

  text(name: string): string {
    const value = this.#member(name);
    if (typeof value !== 'string') throw this.#misfit();
    return value;
  }

  whole(name: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#member(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > most)
      throw this.#misfit();
    return value;
  }

  flag(name: string): boolean {
    const value = this.#member(name);
    if (typeof value !== 'boolean') throw this.#misfit();
    return value;
  }

  texts(name: string): readonly string[] {
    return this.#items(name).map((each) => {
      if (typeof each !== 'string') throw this.#misfit();
      return each;
    });
  }

  list(name: string): readonly Fields[] {
    return this.#items(name).map((each) => new Fields(each, this.#url));
  }

  has(name: string): boolean {
    return this.#member(name) !== undefined;
  }

  isNull(name: string): boolean {
    return this.#member(name) === null;
  }

  /** Null for a member that is null or absent. */
  optional<T>(name: string, read: (fields: Fields) => T): T | null {
    const value = this.#member(name);
    return value === undefined || value === null ? null : read(new Fields(value, this.#url));
  }

  #member(name: string): unknown {
    return memberOf(this.#value, name);
  }

  #items(name: string): readonly unknown[] {
    const value = this.#member(name);
    if (!Array.isArray(value)) throw this.#misfit();
    return value;
  }

  #misfit(): Refusal {
    return refuse('unavailable', `${this.#url} did not answer as a Tallystick log does; check the URL`);
  }
}
