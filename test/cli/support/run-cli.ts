/** Runs a command line in this process, in a world of the test's own. */
import { join } from 'node:path';
import { EXIT } from '../../../src/cli/exit.ts';
import { run } from '../../../src/cli/main.ts';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The one object of --json. */
  readonly json: Record<string, never>;
}

export interface Around {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly fetch?: typeof fetch;
}

/** Seconds of the tests' clock. */
export const NOW = 1_800_000_000;

export async function tallystick(line: string, { cwd, env = {}, fetch = noFetch }: Around): Promise<Told> {
  let [out, err] = ['', ''];
  const code = await run(
    line.split(' ').filter((word) => word !== ''),
    {
      // What logs and clients remember stays in the test's own directory.
      env: new Proxy(env, {
        get: (given, name) =>
          name === 'XDG_STATE_HOME' && !(name in given) ? join(cwd, '.state') : Reflect.get(given, name),
      }),
      cwd,
      fetch,
      now: () => NOW * 1000,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    },
  );
  return { code, out, err, json: line.includes('--json') && out !== '' ? JSON.parse(out) : {} };
}

const noFetch: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));

/** Where each value came from, by key. */
export async function settled(
  line: string,
  around: Around,
): Promise<Record<string, { value: unknown; source: string }>> {
  const { json, err, code } = await tallystick(`config show --json ${line}`, around);
  if (code !== EXIT.ok) throw new Error(err);
  const rows: { key: string; value: unknown; source: string }[] = json['settings'] ?? [];
  return Object.fromEntries(rows.map(({ key, value, source }) => [key, { value, source }]));
}
