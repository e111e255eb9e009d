/** Opens a page of a server that this process runs in the browser of whoever started it. */
import { spawn } from 'node:child_process';

/**
 * Starts a browser and does not wait for it. Without a display, or without a program that opens pages, nothing happens: the URL was
 * printed. `url`: of this process's own server, never one that somebody else named; a program gets it as one argument, and no shell.
 */
export function openInBrowser(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  start: typeof spawn = spawn,
): void {
  const argv = openerOf(platform, env);
  if (argv === undefined || !/^https?:\/\//.test(url)) return;
  const [file, ...rest] = argv;
  const child = start(file, [...rest, url], { stdio: 'ignore', detached: true, env });
  child.once('error', () => undefined);
  child.unref();
}

function openerOf(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): readonly [string, ...string[]] | undefined {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const hasDisplay = [env['DISPLAY'], env['WAYLAND_DISPLAY']].some(
    (each) => each !== undefined && each !== '',
  );
  return hasDisplay ? ['xdg-open'] : undefined;
}
