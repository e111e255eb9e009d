/** Debian's Chromium, headless, and pages bundled for it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { build } from 'esbuild-wasm';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The command of a Chromium that starts here; undefined where there is none. */
export const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

/** A page's script in one ES module. `entry`: path from the project's root. */
export async function bundlePage(entry: string): Promise<string> {
  const bundled = await build({
    entryPoints: [resolve(ROOT, entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    absWorkingDir: ROOT,
  });
  return bundled.outputFiles[0]?.text ?? '';
}

/** A running Chromium. */
export interface Browser {
  readonly pid: number | undefined;
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>;
  /** Ends it with all of its processes. */
  stop(): Promise<void>;
}

/** Opens a page. `profile`: a folder of its own. */
export function openPage(url: string, profile: string, more: readonly string[] = []): Browser {
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',
    ...more,
  ];
  const browser = spawn(CHROMIUM ?? '', [...flags, url], { stdio: 'ignore', detached: true });
  const ended = once(browser, 'exit');
  return {
    pid: browser.pid,
    ended,
    stop: async () => {
      if (browser.pid !== undefined && browser.exitCode === null && browser.signalCode === null)
        process.kill(-browser.pid, 'SIGKILL');
      await ended;
    },
  };
}
