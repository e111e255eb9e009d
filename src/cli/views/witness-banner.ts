/** What `tallystick witness` prints when it starts: its keys, and the policy line for those who rely on it. */
import { witnessLine } from '../../witness/home.ts';
import type { Witness } from '../../witness/witness.ts';
import type { Context } from '../frame/context.ts';
import { pagesLine } from './pages-line.ts';
import type { WitnessHome } from '../../witness/setup.ts';

/** Characters of an ML-DSA-44 vkey shown. */
const VKEY_SHOWN = 96;

/** The banner's text, without a newline at the end. */
export function witnessBanner(
  { config, output }: Context,
  { layout, name }: WitnessHome,
  witness: Witness,
  url: string,
): string {
  const { vkeys, logs } = witness;
  const lines = [
    output.paint('bold', `Tallystick witness ${name}`),
    `  URL        ${url}`,
    ...pagesLine(config, url),
    `  logs       ${logs.size}   (${layout.knownLogs})`,
    `  data       ${config.witnessDir}`,
    ...vkeys.map((vkey) =>
      vkey.length > VKEY_SHOWN
        ? `  vkey       ${vkey.slice(0, VKEY_SHOWN)}…\n             whole at ${url}/v1/witness`
        : `  vkey       ${vkey}`,
    ),
    '',
    'The line of a tlog-policy for those who rely on it:',
    `  ${witnessLine(name, vkeys[0] ?? '', url)}`,
  ];
  if (logs.size === 0) {
    lines.push(
      '',
      output.paint('yellow', 'It knows no log yet, and cosigns none. Next:'),
      `  add a line "log <vkey> <url>" for each log to ${layout.knownLogs}, then start it again`,
    );
  }
  return lines.join('\n');
}
