/** What `tallystick serve` prints when it starts: URL, keys, and the first commands to try. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Head, LogInfo } from '../../log/ports.ts';
import type { Context } from '../frame/context.ts';
import { pagesLine } from './pages-line.ts';
import { layoutOf } from '../../service/layout.ts';

export interface BannerFacts {
  readonly context: Context;
  readonly info: LogInfo;
  readonly head: Head;
  readonly url: string;
  /** Whether it logs witnessed heads. */
  readonly notes: boolean;
}

/** Characters of an ML-DSA-44 vkey shown, of 1,800. */
const VKEY_SHOWN = 96;

/** The banner's text, without a newline at the end. */
export function banner({ context, info, head, url, notes }: BannerFacts): string {
  const { config, output } = context;
  const at = url === 'http://127.0.0.1:6962' ? '' : ` --log ${url}`;
  // Flags that `serve` was given must be given to the other commands, too.
  const home = resolve(context.world.cwd, 'tallystick-data');
  const data = config.dataDir === home ? '' : ` --data-dir ${config.dataDir}`;
  const lines = [
    output.paint('bold', `Tallystick ${info.origin}`),
    `  URL        ${url}   (API: ${url}/docs)`,
    ...pagesLine(config, url),
    `  entries    ${head.size}`,
    `  data       ${config.dataDir}`,
    ...info.vkeys.map(
      (vkey) => `  vkey       ${vkey.length > VKEY_SHOWN ? `${vkey.slice(0, VKEY_SHOWN)}…` : vkey}`,
    ),
    `             whole, to hand out, ${handedOut(layoutOf(config).trustPolicy, info)}at ${url}/v1/log`,
    ...(notes
      ? []
      : [
          '  history    no witnesses: when something was logged is the word of this log alone (--witness-policy)',
        ]),
    ...(info.open
      ? [output.paint('yellow', '  OPEN       any well-signed statement is admitted: for evaluation only')]
      : []),
    '',
    'Next, in another terminal:',
    `  npx tallystick commit package-lock.json${data}${at}`,
    `  npx tallystick verify package-lock.json --explain${data}`,
    `  npx tallystick status${at}`,
  ];
  return lines.join('\n');
}

/** Names trust.policy if it has all of the log's keys. `init` writes it once, so after a rotation it lacks the new key. */
function handedOut(path: string, { vkeys }: LogInfo): string {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return vkeys.every((vkey) => text.includes(vkey)) ? `in ${path} and ` : '';
}
