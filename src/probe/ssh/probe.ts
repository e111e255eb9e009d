/**
 * The probe `ssh@1` observes every algorithm that an SSH server offers, and its host key. The host key signs the whole offer
 * together with the challenge (spec/transcripts.md), so all of it is E3.
 */
import type { Attachment, Grade, Observed } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { keyOf, listsOf } from '../../evidence/ssh-facts.ts';
import { HOST_KEY_ALGORITHMS } from '../../evidence/ssh-key.ts';
import type { VerifiedSsh } from '../../evidence/ssh-verify.ts';
import { encodeTranscript, TRANSCRIPT_TYPE } from '../../evidence/transcript.ts';
import { verifyTranscript } from '../../evidence/verify.ts';
import type { Withheld } from '../../claim/withheld.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { parseAddress, type Address } from '../../evidence/address.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import { DEFAULT_USER, SSH } from './describe.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { exchange, type Exchanged } from './exchange.ts';
import { Ended, Wire } from '../wire.ts';

/** Most bytes taken from a server: more than three packets of the greatest length. */
const MAX_BYTES = 131_072;

/** The probe; `exchangeMs` is the time the key exchange may take. */
export function makeSshProbe({ exchangeMs }: { readonly exchangeMs: number }): Probe {
  return {
    ...SSH,
    run: (task) => run(task, exchangeMs),
  };
}

/** `ssh@1`, with ten seconds for the key exchange. */
export const sshProbe: Probe = makeSshProbe({ exchangeMs: 10_000 });

async function run(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const address = parseAddress(task.target, 22);
  const hostKeys = hostKeysOf(task.params.get('hostkeys'));
  const user = userOf(task);
  const options = { ...address, signal: task.signal, timeoutMs, maxBytes: MAX_BYTES };
  let bytes = 0;
  try {
    const seen = await Wire.use(
      options,
      (more) => (bytes += more),
      (wire) => exchange(wire, task.challenge, hostKeys, user),
    );
    return { ...(await observe(seen, address, task.challenge, user)), bytes };
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    const where = `${address.host}:${address.port}`;
    throw refuse('unavailable', `nothing can be said of ${where}: ${error.message}`, { cause: error });
  }
}

async function observe(
  seen: Exchanged,
  { host, port }: Address,
  challenge: Uint8Array,
  user: string | undefined,
): Promise<Omit<Observed, 'bytes'>> {
  const { proven, why } = await prove(seen, challenge);
  const grades: Grade[] = [];
  const attachments: Attachment[] = [];
  if (proven !== undefined) {
    attachments.push({ mediaType: TRANSCRIPT_TYPE.ssh, data: proven.transcript });
    for (const path of SIGNED) grades.push({ path, evidence: 'E3', attachments: [0] });
  }
  const value = {
    host,
    port,
    version: seen.serverVersion,
    ...listsOf(seen.offer),
    ...(proven === undefined ? { unsigned: why ?? '' } : keyOf(proven.verified)),
  };
  const auth = user === undefined ? undefined : authOf(seen, user);
  const population = { source: 'the offer of the server', total: 1, sampled: 1, method: 'all' };
  return {
    value: { ...value, ...(auth?.value !== undefined && { auth: auth.value }) },
    grades,
    attachments,
    contradictions: [],
    population,
    ...(auth !== undefined && { withheld: auth.withheld }),
  };
}

/** The ways to log in, or why they are withheld. */
function authOf(
  { offered, why = 'there was no session to ask in' }: Exchanged,
  user: string,
): { readonly value?: ValueMap; readonly withheld: readonly Withheld[] } {
  const { methods, anybody } = offered ?? {};
  if (anybody === undefined) return { withheld: [{ path: '/auth', reason: offered?.why ?? why }] };
  if (methods !== undefined) return { value: { user, methods, anybody }, withheld: [] };
  const reason = 'the server let the probe in without any proof, and named no way to log in';
  return { value: { user, anybody }, withheld: [{ path: '/auth/methods', reason }] };
}

/** The user name to ask with; undefined if the claim does not ask for the ways to log in. */
function userOf({ params }: ProbeTask): string | undefined {
  const given = new ParsedParameters('ssh@1', params);
  const user =
    given.text('user', /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}$/, 'is the name of a user') ?? DEFAULT_USER;
  return given.flag('auth', false) ? user : undefined;
}

/** Members that the server signed: all except its address, and `auth`. */
const SIGNED = [
  '/version',
  '/kex',
  '/extensions',
  '/hostKeys',
  '/ciphers',
  '/macs',
  '/compression',
  '/hostKey',
  '/negotiated',
];

interface Proven {
  readonly verified: VerifiedSsh;
  readonly transcript: Uint8Array;
}

/** Verifies the transcript. Refuses `unavailable` if it does not verify. */
async function prove(
  seen: Exchanged,
  challenge: Uint8Array,
): Promise<{ readonly proven: Proven | undefined; readonly why: string | undefined }> {
  if (seen.transcript === undefined) return { proven: undefined, why: seen.why };
  try {
    const transcript = encodeTranscript(seen.transcript);
    const verified = await verifyTranscript(transcript, challenge);
    if (verified.protocol !== 'ssh') throw new Error('an SSH transcript is of SSH');
    return { proven: { verified, transcript }, why: undefined };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'too-large') return { proven: undefined, why: error.message };
    // Whoever answered does not have the key that it showed, so its answer is no observation of the target.
    throw refuse('unavailable', `nothing can be said of the server: ${error.message}`, { cause: error });
  }
}

function hostKeysOf(value: Parameter | undefined): readonly string[] {
  const known = [...HOST_KEY_ALGORITHMS.keys()];
  if (value === undefined) return known;
  const given = typeof value === 'object' ? value : [];
  if (given.length > 0 && given.every((name) => known.includes(name))) return given;
  throw refuse('config-invalid', `the parameter hostkeys of ssh@1 is a list of: ${known.join(', ')}`);
}
