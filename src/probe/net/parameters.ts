/** Reads and checks the parameters of the probe `net@1`. */
import { isIP } from 'node:net';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { parseAddress, type Address } from '../../evidence/address.ts';
import { parseVkey, type NoteVerifier } from '../../note/key.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';
import { PREAMBLES } from '../tls/starttls.ts';
import type { Expected } from './answer.ts';
import { ANSWERS, MATRIX, MAX_DRAW, MAX_PER_MINUTE } from './describe.ts';
import { bothAllow } from './pace.ts';
import type { Door, Pair } from './look.ts';
import type { Connection, Pod } from '../kubernetes/policies.ts';

/** Pairs of the declared matrix that a run draws. */
export interface Drawing {
  /** The machine of the agent, as the matrix names it. */
  readonly source: string;
  readonly draw: number;
}

/** A printable text of ASCII that a server begins with. */
const BANNER = /^[ -~]{1,64}$/;

/** What a run looks at: one pair, or pairs of the matrix. Refuses `config-invalid`. */
export function readParameters({ target, params }: Pick<ProbeTask, 'target' | 'params'>): Pair | Drawing {
  const given = new ParsedParameters('net@1', params);
  const draw = given.whole('draw', 1, MAX_DRAW);
  const [, source] = MATRIX.exec(target) ?? [];
  if (draw === undefined && source === undefined) return pairIn(target, params);
  if (draw === undefined) throw given.wrong('draw', 'is needed where the target is matrix:SOURCE');
  if (source === undefined)
    throw given.wrong('draw', 'is for the target matrix:SOURCE, a source of the declared matrix');
  return { source, draw };
}

/** One pair, as a claim or the declared matrix gives it. Refuses `config-invalid`. */
export function pairIn(at: string, params: ReadonlyMap<string, Parameter>): Pair {
  const given = new ParsedParameters('net@1', params);
  // A target without a port is refused: no port is that large.
  const { host, port } = parseAddress(at, 65_536);
  if (port > 65_535) throw given.wrong('target', 'is host:port: a pair has one port');
  const transport = given.text('transport', /^(?:tcp|udp)$/, 'is tcp or udp') === 'udp' ? 'udp' : 'tcp';
  const expected = expectedOf(given, { host, port }, DOOR);
  if (transport === 'udp' && expected.kind !== 'banner')
    throw given.wrong('answer', 'is "banner" where transport is udp');
  const control = controlOf(given, host, port);
  if (transport === 'udp' && control !== undefined)
    throw given.wrong('control', 'is of no use where transport is udp: without an answer nothing is known');
  return { host, port, transport, expected, control };
}

/** As targets are written. */
function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Pairs a minute that both ends allow with a host. Refuses `config-invalid` unless both enrolled the port and its control. */
export function perMinuteOf(
  { params, consented }: Pick<ProbeTask, 'params' | 'consented'>,
  pair: Pair,
): number {
  const own = new ParsedParameters('net@1', params).whole('pairsPerMinute', 1, MAX_PER_MINUTE);
  const ports = pair.control === undefined ? [pair.port] : [pair.port, pair.control.port];
  const theirs = ports.map((port) => {
    const at = addressOf(pair.host, port);
    const consent = consented?.(at);
    if (consent !== undefined) return bothAllow(own, consent.pairsPerMinute);
    throw refuse(
      'config-invalid',
      `net@1 needs the consent of both ends for ${printable(at, 300)}: a rule of targets.yaml that has it among its targets, and ` +
        'a consent that its owner signed and that has not ended (tallystick agent consent); nothing was sent',
    );
  });
  return Math.min(...theirs);
}

function controlOf(given: ParsedParameters, host: string, port: number): Door | undefined {
  const control = given.whole('control', 1, 65_535);
  if (control === undefined) return undefined;
  if (control === port)
    throw given.wrong('control', 'is another port of the same host: one that this source may reach');
  return { port: control, expected: expectedOf(given, { host, port: control }, CONTROL) };
}

/** Names of the parameters of a door; undefined: it has no such parameter. */
interface Names {
  readonly answer: string;
  readonly banner: string;
  readonly starttls: string | undefined;
  readonly key: string;
}

const DOOR: Names = { answer: 'answer', banner: 'banner', starttls: 'starttls', key: 'key' };
const CONTROL: Names = {
  answer: 'controlAnswer',
  banner: 'controlBanner',
  starttls: undefined,
  key: 'controlKey',
};

/** The key of the listener that the claim names. */
function listenerOf(given: ParsedParameters): NoteVerifier {
  const vkey = given.text('listener', /^.{1,512}$/, 'is the vkey that `agent listen` prints');
  if (vkey === undefined)
    throw given.wrong('listener', 'is needed where answer or controlAnswer is listener');
  try {
    const verifier = parseVkey(vkey);
    if (verifier.type === 1) return verifier;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw given.wrong('listener', 'is the vkey of an Ed25519 key, as `agent listen` prints it');
}

function expectedOf(given: ParsedParameters, { host, port }: Address, names: Names): Expected {
  const said = given.text(names.answer, /^(?:tls|ssh|banner|listener)$/, `is one of ${ANSWERS.join(', ')}`);
  const kind = ANSWERS.find((each) => each === said) ?? 'tls';
  if (kind === 'listener') return { kind, port, verifier: listenerOf(given) };
  const key = keyOf(given, kind, names.key);
  if (kind === 'ssh') return { kind, key };
  if (kind === 'banner') {
    const banner = given.text(names.banner, BANNER, 'is 1 to 64 printable characters of ASCII');
    if (banner === undefined) throw given.wrong(names.banner, `is needed where ${names.answer} is banner`);
    return { kind, banner };
  }
  const named = given.text('servername', /^[A-Za-z0-9._-]{1,253}$/, 'is a host name') ?? host;
  const starttls =
    names.starttls &&
    given.text(names.starttls, /^(?:none|postgres|smtp)$/, `is one of ${PREAMBLES.join(', ')}`);
  const preamble = PREAMBLES.find((each) => each === starttls) ?? 'none';
  return { kind, key, serverName: isIP(named) === 0 ? named : undefined, preamble };
}

/** The key that must sign; undefined for any. */
function keyOf(given: ParsedParameters, kind: Expected['kind'], name: string): string | undefined {
  if (kind === 'tls')
    return given.text(
      name,
      /^[0-9a-f]{64}$/,
      'is the SHA-256 of a public key in hex, where the answer is tls',
    );
  if (kind === 'ssh')
    return given.text(
      name,
      /^SHA256:[A-Za-z0-9+/]{43}$/,
      'is a fingerprint as ssh-keygen -l prints it, where the answer is ssh',
    );
  if (given.text(name, /^/, 'is a text') !== undefined)
    throw given.wrong(name, 'is of no use where the answer is banner');
  return undefined;
}

const POD =
  /^([a-z0-9-]{1,63})\/((?:[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*)(?:,[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*)*)$/;

/** The pods of a claim that is compared with NetworkPolicies; undefined if it names none. Refuses `config-invalid`. */
export function podsOf({ params }: Pick<ProbeTask, 'params'>, pair: Pair): Connection | undefined {
  const given = new ParsedParameters('net@1', params);
  const [from, to] = [podIn(given, 'fromPod'), podIn(given, 'toPod')];
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined) throw given.wrong('fromPod', 'and toPod are given together');
  return { from, to, port: given.whole('podPort', 1, 65_535) ?? pair.port, transport: pair.transport };
}

function podIn(given: ParsedParameters, name: string): Pod | undefined {
  const text = given.text(name, POD, 'is NAMESPACE/LABEL=VALUE,… of a pod');
  const [, namespace = '', labels = ''] = POD.exec(text ?? '') ?? [];
  if (text === undefined) return undefined;
  const pairs = labels.split(',').map((each): [string, string] => {
    const [label = '', value = ''] = each.split('=');
    return [label, value];
  });
  return { namespace, labels: new Map(pairs) };
}
