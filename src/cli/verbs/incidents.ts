/** `tallystick incidents`: lists, shows and closes the incidents of a monitor. */
import { printable } from '../../bytes/printable.ts';
import { EXIT } from '../exit.ts';
import { formatMilliseconds } from '../../bytes/time.ts';
import { viewIncident, type KnownIncident } from '../../monitor/incidents.ts';
import { withIncidents, type KeptIncidents } from '../../monitor/kept-incidents.ts';
import type { Context } from '../frame/context.ts';
import { wholeOf } from '../frame/flagtext.ts';
import type { Output } from '../frame/output.ts';
import { defineVerb, type Verb } from '../frame/verb.ts';

const SHOWN = 100;
const MOST = 1_000;

const showVerb: Verb = {
  name: 'show',
  summary: 'print the file of an incident, with all its evidence',
  operands: [['<id>', 'id of the incident, or its beginning if no other id begins with it']],
  home: 'monitorDir',
  settings: ['monitorDir'],
  json: true,
  examples: ['tallystick incidents show 3f9c2a1b', 'tallystick incidents show 3f9c2a1b --json'],
  run: show,
};

const closeVerb: Verb = {
  name: 'close',
  summary: 'mark an incident as resolved',
  details:
    'Closes an incident that was dealt with; a split view never resolves by itself. The file stays. If the monitor sees ' +
    'the incident again, it opens again.',
  operands: [['<id>', 'id of the incident, or its beginning']],
  home: 'monitorDir',
  settings: ['monitorDir'],
  examples: ['tallystick incidents close 3f9c2a1b'],
  run: close,
};

const listVerb = defineVerb({
  name: 'list',
  summary: 'list incidents, newest first',
  details:
    'Exits 0 however many there are. To check the logs now and exit by what is open, use monitor --once.',
  standard: true,
  home: 'monitorDir',
  settings: ['monitorDir'],
  options: [
    { flags: '--open', help: 'only those that are not resolved' },
    { flags: '--origin <name>', help: 'only those of this log' },
    { flags: '--limit <n>', help: `how many (default: ${SHOWN}, at most ${MOST})` },
  ],
  json: true,
  examples: ['tallystick incidents', 'tallystick incidents --open --json'],
  run: async (context, _, flags) => {
    const { output } = context;
    const origin = flags.text('origin');
    const limit = wholeOf(flags.text('limit'), '--limit', 1, MOST) ?? SHOWN;
    return withIncidents(incidentsOf(context), (store) => {
      const found = store.list({ open: flags.on('open'), limit, ...(origin !== undefined && { origin }) });
      for (const incident of found) output.print(line(incident, output));
      if (found.length === 0) output.note('no incidents');
      if (found.length === limit) output.note(`older ones are not shown; see --limit`);
      for (const { origin: log, kind, seen } of store.uncounted())
        output.warn(
          `${seen} more alarms of kind ${kind} from ${printable(log)} were not stored: too many are open`,
        );
      output.result('incidents', {
        incidents: found.map((each) => ({
          ...viewIncident(each),
          ...delivery(each),
          file: store.fileOf(each.id),
        })),
        uncounted: store.uncounted().map((each) => ({ ...each })),
      });
      return EXIT.ok;
    });
  },
});

export const incidentsVerb: Verb = {
  name: 'incidents',
  summary: 'list, show or close the incidents of a monitor',
  details: 'Without a sub-verb it lists. Anyone can check an incident file with verify-incident.',
  examples: [
    'tallystick incidents',
    'tallystick incidents --open --json',
    'tallystick incidents show 3f9c2a1b',
    'tallystick incidents close 3f9c2a1b',
  ],
  verbs: [listVerb, showVerb, closeVerb],
};

async function show(context: Context, [given = '']: readonly string[]): Promise<number> {
  const { output } = context;
  return withIncidents(incidentsOf(context), (store) => {
    const { id } = store.named(given);
    const body = store.body(id) ?? '';
    output.note(
      `file  ${store.fileOf(id)}\ncheck it: tallystick verify-incident ${store.fileOf(id)} --vkey <vkey>`,
    );
    output.print(body.trimEnd());
    output.result('incidents-show', { file: store.fileOf(id), incident: JSON.parse(body) });
    return EXIT.ok;
  });
}

async function close(context: Context, [given = '']: readonly string[]): Promise<number> {
  return withIncidents(incidentsOf(context, true), (store) => {
    const { id } = store.named(given);
    context.output.print(store.resolve(id) ? `resolved ${id}` : `${id} was resolved before`);
    return EXIT.ok;
  });
}

function line(incident: KnownIncident, output: Output): string {
  const { id, kind, origin, resolved, lastSeen, seen, what } = incident;
  const state = resolved === undefined ? output.paint('red', 'open') : output.paint('dim', 'resolved');
  const times = seen === 1 ? '' : ` (${seen} times)`;
  const when = formatMilliseconds(lastSeen);
  return `${id.slice(0, 16)}  ${state}  ${kind}  ${printable(origin)}  ${when}${times}\n  ${printable(what, 1000)}`;
}

function delivery({ delivered }: KnownIncident): { delivered: string | null } {
  return { delivered: delivered === undefined ? null : formatMilliseconds(delivered) };
}

function incidentsOf({ config, world }: Context, change = false): KeptIncidents {
  return { dir: config.monitorDir, change, now: world.now };
}
