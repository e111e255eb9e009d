/**
 * `tallystick/mirror`: a verified copy of a log in plain files, which serves on when the log does not. Needs the Node that the
 * command needs.
 *
 *     import { parseVkey, policyOfLogs } from 'tallystick';
 *     import { openMirror } from 'tallystick/mirror';
 *
 *     const mirror = await openMirror({
 *       url: 'https://log.example.com', dir: 'copy', policy: policyOfLogs([parseVkey(vkey)]),
 *       fetch, now: Date.now, onProgress: (done, total) => console.error(done, total),
 *     });
 *     const { size } = await mirror.sync(false);
 *     await mirror.close();
 */
export { openMirror, type Followed, type MirrorOptions, type OpenedMirror } from './open.ts';
export type { Synced } from './mirror.ts';
