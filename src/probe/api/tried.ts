/** Tries operations of a contract, one request after another. */
import type { IncomingMessage } from 'node:http';
import { drawn } from '../../evidence/draw.ts';
import { CheckedAgent } from '../connection.ts';
import { bodyOf, exchange, hostText } from '../exchange.ts';
import type { ProbeTask } from '../probe.ts';
import { checked, type Answer, type Checked } from './answers.ts';
import type { Operation } from './contract.ts';
import { requestOf, type Request } from './requests.ts';
import type { Settings } from './settings.ts';

/** Bytes of a body that are read. */
const MAX_BODY = 1024 ** 2;

/** What became of one operation. */
export interface Tried {
  readonly operation: Operation;
  /** Status of the answer to nobody in particular. */
  readonly anonymous: number;
  /** Whether an operation that needs a credential let nobody in; undefined where the answer does not tell, or it needs none. */
  readonly guarded: boolean | undefined;
  /** The answer that the contract speaks of, and what it says of it; undefined where there is no credential to get one. */
  readonly told: { readonly status: number; readonly checked: Checked } | undefined;
}

export interface Untried {
  readonly operation: Operation;
  readonly why: string;
}

export interface Run {
  readonly tried: readonly Tried[];
  readonly untried: readonly Untried[];
  readonly bytes: number;
}

/** Refuses `unavailable` if the service does not answer. */
export async function tryAll(settings: Settings, task: ProbeTask): Promise<Run> {
  const agent = new CheckedAgent(settings.place);
  try {
    const [asks, untried] = planned(settings, task);
    const tried: Tried[] = [];
    for (const [operation, request] of asks) tried.push(await tryOne(settings, agent, operation, request));
    return { tried, untried, bytes: agent.bytes };
  } finally {
    agent.close();
  }
}

type Ask = readonly [Operation, Request];

/** What is asked, in the contract's order. Of more than the owner allows, some are drawn by what the agent cannot choose. */
function planned(settings: Settings, task: ProbeTask): readonly [readonly Ask[], readonly Untried[]] {
  const { contract, requests, values, token, isMeant, isKept, isTarget } = settings;
  const [asks, untried]: [Ask[], Untried[]] = [[], []];
  for (const operation of contract.operations) {
    const { method, template, server } = operation;
    const request = requestOf(contract, operation, values);
    if (!isMeant(method, template)) untried.push({ operation, why: 'the claim leaves it out' });
    else if (isKept(method, template)) untried.push({ operation, why: 'the owner leaves it out' });
    else if (server !== undefined && !isTarget(server))
      untried.push({ operation, why: 'it names a server of its own, which is not the target' });
    else if ('amiss' in request) untried.push({ operation, why: request.amiss });
    else if (isKept(method, request.path.replace(/\?.*$/, '')))
      untried.push({ operation, why: 'the owner leaves out what would be sent' });
    else asks.push([operation, request]);
  }
  // One that needs a credential is asked without it, too.
  const each = token === undefined ? 1 : 2;
  const chosen = new Set(drawn(asks.length, Math.floor(requests / each), task.draw ?? task.challenge));
  for (const [i, [operation]] of asks.entries())
    if (!chosen.has(i))
      untried.push({ operation, why: 'the owner allows fewer requests; others were drawn' });
  return [asks.filter((_, i) => chosen.has(i)), untried];
}

async function tryOne(
  settings: Settings,
  agent: CheckedAgent,
  operation: Operation,
  request: Request,
): Promise<Tried> {
  const { contract, token, scheme } = settings;
  const nobody = await ask(settings, agent, operation, request);
  const check = (answer: Answer): Tried['told'] => ({
    status: answer.status,
    checked: checked(contract, operation, answer),
  });
  if (!operation.needsAuth)
    return { operation, anonymous: nobody.status, guarded: undefined, told: check(nobody) };
  const isIn = nobody.status < 300 || nobody.status === 304;
  const guarded = isIn ? false : nobody.status === 401 || nobody.status === 403 ? true : undefined;
  if (token === undefined) return { operation, anonymous: nobody.status, guarded, told: undefined };
  const headers = { ...request.headers, authorization: `${scheme} ${token}` };
  const answer = await ask(settings, agent, operation, { ...request, headers });
  return { operation, anonymous: nobody.status, guarded, told: check(answer) };
}

function ask(
  { place, base }: Settings,
  agent: CheckedAgent,
  { method }: Operation,
  { path, headers }: Request,
): Promise<Answer> {
  const sent = {
    agent,
    place,
    called: hostText(place),
    method,
    path: base + path,
    headers: {
      host: hostText(place, place.trust === undefined ? 80 : 443),
      accept: 'application/json, */*;q=0.5',
      ...headers,
    },
  };
  return exchange(sent, answerOf);
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const { bytes, whole } = await bodyOf(response, MAX_BODY);
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'],
    encoded: !['', 'identity'].includes(response.headers['content-encoding'] ?? ''),
    body: bytes,
    whole,
  };
}
