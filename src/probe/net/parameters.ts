/** Reads and checks the parameters of the probe `net@1`. */
import { isIP } from 'node:net';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { parseAddress } from '../../evidence/address.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';
import { PREAMBLES } from '../tls/starttls.ts';
import type { Expected } from './answer.ts';
import { ANSWERS, MAX_PER_MINUTE, USUAL_PER_MINUTE, type AnswerKind } from './describe.ts';
import type { Door, Pair } from './look.ts';

export interface NetSettings {
  readonly pair: Pair;
  readonly perMinute: number;
}

/** A printable text of ASCII that a server begins with. */
const BANNER = /^[ -~]{1,64}$/;

/** Refuses `config-invalid`. */
export function readParameters({
  target,
  params,
  consented,
}: Pick<ProbeTask, 'target' | 'params' | 'consented'>): NetSettings {
  const given = new ParsedParameters('net@1', params);
  // Port 0 is none, so a target without a port is refused by its range below.
  const { host, port } = parseAddress(target, 65_536);
  if (port > 65_535) throw given.wrong('target', 'is host:port: a pair has one port');
  const transport = given.text('transport', /^(?:tcp|udp)$/, 'is tcp or udp') === 'udp' ? 'udp' : 'tcp';
  const expected = expectedOf(given, host, { answer: 'answer', banner: 'banner', starttls: true });
  if (transport === 'udp' && expected.kind !== 'banner')
    throw given.wrong('answer', 'is "banner" where transport is udp');
  const control = controlOf(given, host, port);
  if (transport === 'udp' && control !== undefined)
    throw given.wrong('control', 'is of no use where transport is udp: without an answer nothing is known');
  const own = given.whole('pairsPerMinute', 1, MAX_PER_MINUTE) ?? USUAL_PER_MINUTE;
  const doors = control === undefined ? [port] : [port, control.port];
  const theirs = doors.map((each) => allowed(consented, addressOf(host, each)));
  return { pair: { host, port, transport, expected, control }, perMinute: Math.min(own, ...theirs) };
}

/** As targets are written. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Pairs a minute that the owner of a target allows. Refuses `config-invalid` without the consent of both ends. */
function allowed(consented: ProbeTask['consented'], at: string): number {
  const consent = consented?.(at);
  if (consent !== undefined) return consent.pairsPerMinute;
  throw refuse(
    'config-invalid',
    `net@1 needs the consent of both ends for ${printable(at, 300)}: a rule of targets.yaml that has it among its targets, and ` +
      'a consent that its owner signed and that has not ended (tallystick agent consent); nothing was sent',
  );
}

function controlOf(given: ParsedParameters, host: string, port: number): Door | undefined {
  const control = given.whole('control', 1, 65_535);
  if (control === undefined) return undefined;
  if (control === port)
    throw given.wrong('control', 'is another port of the same host: one that this source may reach');
  return {
    port: control,
    expected: expectedOf(given, host, { answer: 'controlAnswer', banner: 'controlBanner', starttls: false }),
  };
}

interface Names {
  readonly answer: string;
  readonly banner: string;
  /** Whether the parameter `starttls` is of this door. */
  readonly starttls: boolean;
}

function expectedOf(given: ParsedParameters, host: string, names: Names): Expected {
  const said = given.text(names.answer, /^(?:tls|ssh|banner)$/, `is one of ${ANSWERS.join(', ')}`);
  const kind: AnswerKind = ANSWERS.find((each) => each === said) ?? 'tls';
  if (kind === 'ssh') return { kind };
  if (kind === 'banner') {
    const banner = given.text(names.banner, BANNER, 'is 1 to 64 printable characters of ASCII');
    if (banner === undefined) throw given.wrong(names.banner, `is needed where ${names.answer} is banner`);
    return { kind, banner };
  }
  const named = given.text('servername', /^[A-Za-z0-9._-]{1,253}$/, 'is a host name') ?? host;
  const starttls = given.text('starttls', /^(?:none|postgres|smtp)$/, `is one of ${PREAMBLES.join(', ')}`);
  const preamble = names.starttls ? PREAMBLES.find((each) => each === starttls) : undefined;
  return { kind, serverName: isIP(named) === 0 ? named : undefined, preamble: preamble ?? 'none' };
}
