/** Looks at one pair: this machine, and a port of a host. Every address of the host is tried, since a rule may cover only one. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { refuse } from '../../bytes/refusal.ts';
import type { Attachment } from '../../claim/observed.ts';
import { heardAt, type ListenerStatement } from '../../evidence/listener.ts';
import { errorCode } from '../harmless.ts';
import { answerOf, type Expected } from './answer.ts';
import { connectOnce } from './connect.ts';
import { datagramOnce } from './datagram.ts';
import { ADDRESSES, TRIES } from './describe.ts';
import { combine, settle, type ControlLook, type Outcome, type Settled } from './outcome.ts';

export interface Times {
  /** Milliseconds for a handshake of TCP. In 3,500 Linux sends a SYN three times or more. */
  readonly connectMs: number;
  /** Milliseconds for the first bytes of the target. */
  readonly answerMs: number;
  /** See `LOSS_MS`. */
  readonly lossMs: number;
}

/** A port and what shows that the target answers there. */
export interface Door {
  readonly port: number;
  readonly expected: Expected;
}

export interface Pair extends Door {
  readonly host: string;
  readonly transport: 'tcp' | 'udp';
  /** A port of the same host that this source may reach. */
  readonly control: Door | undefined;
}

export interface LookOptions {
  readonly challenge: Uint8Array;
  readonly times: Times;
  readonly signal: AbortSignal;
  readonly count: (bytes: number) => void;
}

export interface PairSeen extends Settled {
  readonly tries: number;
  /** The errno of the last try; undefined without one. */
  readonly code: string | undefined;
  /** How often the control was looked at, and answered. */
  readonly controls: { readonly looked: number; readonly answered: number } | undefined;
  readonly addresses: { readonly total: number; readonly looked: number };
  /** What the target signed. */
  readonly signed: readonly Attachment[];
  /** True if a listener at the target signed what decides. */
  readonly byListener: boolean;
}

/** Throws the reason of the signal, or `Ended`, if the probe is stopped. Refuses `unavailable` for a name without an address. */
export async function lookAtPair(pair: Pair, options: LookOptions): Promise<PairSeen> {
  const all = await addressesOf(pair.host);
  const looked = all.slice(0, ADDRESSES);
  const seen: Looked[] = [];
  for (const address of looked) {
    const found = await lookAtAddress(pair, address, options);
    seen.push(found);
    if (found.settled.reachable === true) break;
  }
  const settled = combine(
    seen.map((each) => each.settled),
    looked.length < all.length,
  );
  // The address that decided; `combine` copies the settled value of one of them.
  const decisive = seen.find((each) => each.settled.outcome === settled.outcome) ?? seen[0];
  const controls = seen.flatMap((each) => each.controls ?? []);
  return {
    ...settled,
    tries: seen.reduce((sum, { tries }) => sum + tries, 0),
    code: decisive?.code,
    controls:
      pair.control === undefined
        ? undefined
        : {
            looked: controls.length,
            answered: controls.filter(({ outcome }) => outcome === 'answered').length,
          },
    addresses: { total: all.length, looked: seen.length },
    signed: decisive?.signed ?? [],
    // Statements tell no addresses of this host apart.
    byListener: all.length === 1 && decisive?.byListener === true,
  };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    return [...new Set(found.map(({ address }) => address))].toSorted();
  } catch (error) {
    throw refuse(
      'unavailable',
      `the name of the target has no address: ${errorCode(error)}; nothing was sent`,
      {
        cause: error,
      },
    );
  }
}

interface Looked {
  readonly settled: Settled;
  readonly tries: number;
  readonly code: string | undefined;
  readonly controls: readonly ControlLook[] | undefined;
  readonly signed: readonly Attachment[];
  readonly byListener: boolean;
}

async function lookAtAddress(pair: Pair, address: string, options: LookOptions): Promise<Looked> {
  const { control, transport } = pair;
  const tries: Try[] = [];
  const controls: Try[] = [];
  const lookAtControl = async (): Promise<void> => {
    // After a control that failed, no further one can make silence mean anything.
    if (control === undefined || controls.some(({ outcome }) => outcome !== 'answered')) return;
    controls.push(await tryDoor(control, address, options));
  };
  await lookAtControl();
  // A pair that answers in any way is tried once.
  while (tries.length < TRIES && tries.every(({ outcome }) => isNothing(outcome))) {
    const found = transport === 'udp' ? tryDatagram(pair, address, options) : tryDoor(pair, address, options);
    const { outcome } = await found;
    tries.push(await found);
    if (isNothing(outcome) || (control?.expected.kind === 'listener' && outcome !== 'answered'))
      await lookAtControl();
  }
  const last = tries.at(-1);
  const said = [...controls, ...tries].flatMap(({ statement }) => statement ?? []);
  const heard = heardAt(pair.port, said);
  const seen = tries.map(({ outcome }) => outcome);
  const settled = settle(
    { tries: seen, controls: control === undefined ? undefined : controls, heard },
    options.times.lossMs,
  );
  // The first and the last statement show what the listener heard in between; an answer of the port shows itself.
  const byListener = heard !== 'unknown';
  const ends = byListener ? [controls[0]?.signed, controls.at(-1)?.signed] : [];
  const signed = last?.signed === undefined ? ends : [last.signed];
  return {
    settled: transport === 'udp' ? unanswered(settled) : settled,
    tries: tries.length,
    code: last?.code,
    controls: control === undefined ? undefined : controls,
    signed: [...new Set(signed)].flatMap((each) => each ?? []),
    byListener,
  };
}

const isNothing = (outcome: Outcome): boolean => outcome === 'silence' || outcome === 'icmp';

/** Of UDP only an answer shows anything. */
function unanswered(settled: Settled): Settled {
  if (settled.reachable === true) return settled;
  const unproven = 'UDP has no handshake: without an answer nothing is known';
  return { outcome: settled.outcome, reachable: undefined, unproven };
}

interface Try extends ControlLook {
  readonly code: string | undefined;
  readonly signed: Attachment | undefined;
  readonly statement?: ListenerStatement;
}

async function tryDoor({ port, expected }: Door, address: string, options: LookOptions): Promise<Try> {
  const { times, signal, challenge, count } = options;
  const found = await connectOnce({ address, port, timeoutMs: times.connectMs, signal });
  if (found.kind !== 'open')
    return { outcome: found.kind, code: found.code, connectMs: times.connectMs, signed: undefined };
  const answer = await answerOf(found.socket, expected, {
    challenge,
    timeoutMs: times.answerMs,
    signal,
    count,
  });
  return { ...answer, code: undefined, connectMs: found.connectMs };
}

async function tryDatagram({ port, expected }: Pair, address: string, options: LookOptions): Promise<Try> {
  const { times, signal, challenge, count } = options;
  const banner = expected.kind === 'banner' ? expected.banner : '';
  const outcome = await datagramOnce({
    address,
    port,
    banner,
    challenge,
    timeoutMs: times.connectMs,
    signal,
    count,
  });
  return { outcome, code: undefined, connectMs: 0, signed: undefined };
}
