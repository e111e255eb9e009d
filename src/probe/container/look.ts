/** One look at an engine: what it lists, and each running container by itself. */
import { refuse } from '../../bytes/refusal.ts';
import { digestIn } from '../cri/images.ts';
import type { Container, Image, Info, Listed, Volume } from './answers.ts';
import type { Engine } from './engine.ts';
import type { Settings } from './settings.ts';

/** Most running containers, and most volumes, of one look. */
const MAX_RUNNING = 500;
const MAX_VOLUMES = 500;

export interface Look {
  readonly info: Info;
  /** Those that ran while they were looked at. */
  readonly containers: readonly Container[];
  readonly images: ReadonlyMap<string, Image>;
  readonly volumes: ReadonlyMap<string, Volume>;
  /** Containers that the list says to run, and those that it says not to. */
  readonly running: number;
  readonly stopped: number;
  /** Containers that ended or were removed between list and look. */
  readonly gone: number;
  /** Ids that are listed as running before and after, and that the engine says not to have. */
  readonly unread: readonly string[];
  /** How many more running containers the engine counts than it lists, in two looks. */
  readonly untold: number;
}

const ENDED: ReadonlySet<string> = new Set([
  'created',
  'configured',
  'initialized',
  'exited',
  'stopped',
  'dead',
  'removing',
]);

/** Refuses `unavailable`, `too-large`. */
export async function lookAt(engine: Engine, { wanted }: Settings): Promise<Look> {
  const info = await engine.info();
  const listed = await engine.containers();
  const running = listed.filter(runs);
  if (running.length > MAX_RUNNING)
    throw refuse(
      'too-large',
      `the engine runs more than ${MAX_RUNNING} containers, which is the most that one look takes`,
    );
  const containers: Container[] = [];
  const gone: string[] = [];
  for (const { id } of running) {
    const container = await engine.container(id);
    if (container !== undefined && isRunning(container)) containers.push(container);
    else gone.push(id);
  }
  const volumes = await volumesOf(engine, containers);
  const images = wanted === undefined ? new Map<string, Image>() : await imagesOf(engine, containers);
  // What is said to be gone must not be listed any more; and of what the engine counts, nothing may be missing in two lists.
  const unsure = gone.length > 0 || shortOf(info, listed) > 0;
  const [again, later] = unsure ? [await engine.info(), await engine.containers()] : [info, listed];
  const still = new Set(later.filter(runs).map(({ id }) => id));
  const unread = gone.filter((id) => still.has(id));
  return {
    info,
    containers,
    images,
    volumes,
    running: running.length,
    stopped: listed.length - running.length,
    gone: gone.length - unread.length,
    unread,
    untold: Math.min(shortOf(info, listed), shortOf(again, later)),
  };
}

const runs = ({ state }: Listed): boolean => !ENDED.has(state);

/** A container that is started again and again does not run now and then. A state that is not known here is taken for running. */
function isRunning({ running, paused, restarting, status }: Container): boolean {
  return running || paused || restarting || !ENDED.has(status);
}

/** How many fewer containers run or are paused in the list than the engine counts. An engine that does not count shows nothing. */
function shortOf({ running, paused }: Info, listed: readonly Listed[]): number {
  if (running === undefined) return listed.length + 1;
  const counted = listed.filter(({ state }) => state === 'running' || state === 'paused').length;
  return Math.max(0, running + (paused ?? 0) - counted);
}

async function volumesOf(
  engine: Engine,
  containers: readonly Container[],
): Promise<ReadonlyMap<string, Volume>> {
  const volumes = new Map<string, Volume>();
  const names = new Set(
    containers
      .flatMap(({ mounts = [] }) => mounts)
      .filter(({ type, driver }) => type === 'volume' && driver === 'local')
      .map(({ name }) => name),
  );
  for (const name of [...names].slice(0, MAX_VOLUMES)) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name)) continue;
    const volume = await engine.volume(name);
    if (volume !== undefined) volumes.set(name, volume);
  }
  return volumes;
}

/** By the digest that containers have as their image. */
async function imagesOf(
  engine: Engine,
  containers: readonly Container[],
): Promise<ReadonlyMap<string, Image>> {
  const images = new Map<string, Image>();
  for (const id of new Set(containers.map(({ image }) => image))) {
    // A container of a root folder (`podman run --rootfs`) has none.
    if (digestIn(id) === undefined) continue;
    const image = await engine.image(id);
    if (image !== undefined) images.set(id, image);
  }
  return images;
}
