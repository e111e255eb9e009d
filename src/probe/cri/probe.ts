/**
 * The probe `cri@1` asks the container runtime of its own node what runs, and compares that with the API's list of the
 * node's pods and with the images of committed manifests. What runs outside the runtime's CRI namespace (another namespace
 * of containerd, a plain process) is out of its sight.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { refuse } from '../../bytes/refusal.ts';
import type { Contradiction, Observed } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { codeText } from '../harmless.ts';
import { markerOf, type Mark } from '../marks.ts';
import { ApiServer } from '../kubernetes/api.ts';
import { cutLists, membersOf } from '../members.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { agreementOf, confirmed, type Agreement, type Finding } from './agree.ts';
import { podsOfNode } from './api.ts';
import { comparedImages, type ComparedImages } from './compared.ts';
import { CRI } from './describe.ts';
import { imageIndex } from './images.ts';
import { lookAt, type Running } from './runtime.ts';
import { readSettings, type Settings } from './settings.ts';

/** Most items of one list that are shown. */
const MAX_SHOWN = 200;
/** Milliseconds for one answer of the API. */
const API_MS = 15_000;

export const criProbe: Probe = { ...CRI, run };

async function run(task: ProbeTask): Promise<Observed> {
  const settings = await readSettings(task);
  const mark = markerOf('cri@1', '/cri', await task.secret('salt'));
  let looked = await look(task, settings);
  const first = looked.agreement;
  const settled = first === undefined || !disagrees(first);
  if (!settled) {
    await wait(settings.settle * 1_000, undefined, { signal: task.signal }).catch(() => undefined);
    task.signal.throwIfAborted();
    const bytes = looked.bytes;
    looked = await look(task, settings);
    looked = { ...looked, bytes: looked.bytes + bytes };
  }
  const { running, agreement } = looked;
  if (agreement !== undefined && agreement.known === 0)
    throw refuse(
      'unavailable',
      "no pod that the API shows of this node is in this runtime: it is another node's name, or another socket, or the API shows none of them",
    );
  const images =
    settings.declared && comparedImages(running, settings.declared, imageIndex(running.images), mark);
  return observed(running, first && agreement && settle(first, agreement), images, {
    mark,
    ...looked,
    settled,
  });
}

interface Look {
  readonly running: Running;
  /** Undefined if nothing is compared with the API. */
  readonly agreement: Agreement | undefined;
  readonly bytes: number;
}

async function look({ target, signal }: ProbeTask, { cluster }: Settings): Promise<Look> {
  if (cluster === undefined) {
    const running = await lookAt(target, signal);
    return { running, agreement: undefined, bytes: running.bytes };
  }
  const { address, access, node } = cluster;
  const api = new ApiServer({ ...address, trust: access.trust, timeoutMs: API_MS, signal }, access.token);
  try {
    const before = await podsOfNode(api, node);
    const running = await lookAt(target, signal);
    const after = await podsOfNode(api, node);
    return {
      running,
      agreement: agreementOf(running, before, after, imageIndex(running.images)),
      bytes: api.bytes + running.bytes,
    };
  } finally {
    api.close();
  }
}

function disagrees({ hidden, missing, disagreeing, untold }: Agreement): boolean {
  return hidden.length + missing.length + disagreeing.length + untold.length > 0;
}

interface Settled extends Agreement {
  /** Things that only the second look found, by list. */
  readonly once: Readonly<Record<'hidden' | 'missing' | 'disagreeing', number>>;
}

function settle(first: Agreement, last: Agreement): Settled {
  const hidden = confirmed(first.hidden, last.hidden);
  const missing = confirmed(first.missing, last.missing);
  const disagreeing = confirmed(first.disagreeing, last.disagreeing);
  return {
    ...last,
    hidden: hidden.both,
    missing: missing.both,
    disagreeing: disagreeing.both,
    once: { hidden: hidden.once, missing: missing.once, disagreeing: disagreeing.once },
  };
}

interface Around {
  readonly mark: Mark;
  readonly bytes: number;
  readonly settled: boolean;
}

function observed(
  running: Running,
  agreement: Settled | undefined,
  images: ComparedImages | undefined,
  { mark, bytes, settled }: Around,
): Observed {
  const looked = [
    ...running.sandboxes.map(
      ({ namespace, name, ready }) => `${ready ? 'ready' : 'ended'} ${mark(`${namespace}/${name}`)}`,
    ),
    ...(images?.looked ?? []),
  ];
  const members = membersOf(sourceOf(running, agreement !== undefined), looked, 0);
  const lists = listsOf(agreement, images, mark);
  return {
    value: {
      runtime: codeText(running.version.name),
      version: codeText(running.version.version),
      settled,
      ...(agreement !== undefined && { pods: countsOf(agreement) }),
      ...(images !== undefined && { containers: images.counts }),
      ...lists,
      ...(members.told !== undefined && { looked: members.told }),
    },
    grades: [],
    attachments: [],
    contradictions: agreement === undefined ? [] : contradictionsOf(agreement),
    population: members.population,
    ...(images !== undefined && { compared: images.compared, undeclared: images.undeclared }),
    withheld: [
      ...untoldWithheld(agreement),
      ...onceWithheld(agreement),
      ...(images?.withheld ?? []),
      ...cutLists(lists, MAX_SHOWN),
    ],
    bytes,
  };
}

function countsOf({ running, known, hidden, missing, once }: Settled): ValueMap {
  return {
    running,
    known,
    hidden: hidden.length,
    missing: missing.length,
    once: once.hidden + once.missing + once.disagreeing,
  };
}

/** The lists of what was compared, each cut to what is shown. */
function listsOf(
  agreement: Settled | undefined,
  images: ComparedImages | undefined,
  mark: Mark,
): Readonly<Record<string, readonly Value[]>> {
  const told = (findings: readonly Finding[]): readonly Value[] =>
    findings
      .slice(0, MAX_SHOWN)
      .map(({ kind, name, since }) => ({ kind, mark: mark(name), since: since ?? null }));
  return {
    ...(agreement !== undefined && {
      hidden: told(agreement.hidden),
      missing: told(agreement.missing),
      disagreeing: told(agreement.disagreeing),
    }),
    ...(images !== undefined && {
      differing: images.differing.slice(0, MAX_SHOWN),
      undeclared: images.undeclared.slice(0, MAX_SHOWN),
    }),
  };
}

/** Whose word each source is stands in every proof. */
function sourceOf({ version }: Running, api: boolean): string {
  const runtime = `the CRI socket of ${codeText(version.name)} (root on this node can change what it says)`;
  return api
    ? `${runtime}, and the API's list of this node's pods (the API server can change that)`
    : runtime;
}

function contradictionsOf({ hidden, missing, disagreeing }: Settled): readonly Contradiction[] {
  const all: readonly (readonly [string, number, string])[] = [
    ['/hidden', hidden.length, 'run on this node that the API does not show'],
    ['/missing', missing.length, 'do not run on this node that the API shows as running here'],
    ['/disagreeing', disagreeing.length, 'run another image than the API shows'],
  ];
  return all.flatMap(([path, count, what]) =>
    count === 0
      ? []
      : [{ paths: [path], explain: `${count} ${count === 1 ? 'thing' : 'things'} ${what}; looked at twice` }],
  );
}

/** An API that tells no images would disagree with nothing. */
function untoldWithheld(agreement: Settled | undefined): readonly Withheld[] {
  const count = agreement?.untold.length ?? 0;
  if (count === 0) return [];
  const reason = `of ${count} containers that run, the API or the runtime names no digest of the image`;
  return [{ path: '/disagreeing', reason, only: 'members' }];
}

function onceWithheld(agreement: Settled | undefined): readonly Withheld[] {
  return Object.entries(agreement?.once ?? {}).flatMap(([name, count]) =>
    count === 0
      ? []
      : [
          {
            path: `/${name}`,
            reason: `${count} of ${name} were seen once, in the second look alone`,
            only: 'members' as const,
          },
        ],
  );
}
