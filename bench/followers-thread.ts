/** Ten followers on a thread of their own: reads the paths in turn over ten connections. See followers.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { load } from './load.ts';

const { url, seconds, paths }: { url: string; seconds: number; paths: string[] } = workerData;
parentPort?.postMessage((await load(url, 10, seconds, paths)).perSecond);
