/**
 * Where an API server is and who asks it, from files of the owner: a kubeconfig, or a token and a CA. Programs that a
 * kubeconfig names are never run, and a server that cannot be verified is never asked.
 */
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { parseYaml } from '../../declare/yaml.ts';
import type { Trust } from '../trust.ts';
import { mapsAt, partAt, textAt, type Tree } from '../tree.ts';
import { addressOf } from './address.ts';

/** What the owner of a cluster gave: the texts of files. */
export interface Given {
  readonly kubeconfig: string | undefined;
  readonly token: string | undefined;
  readonly ca: string | undefined;
  /** Hex SHA-256 of the only public key to talk to. */
  readonly spki: string | undefined;
}

export interface Access {
  readonly trust: Trust;
  readonly token: string | undefined;
}

/** The credential and how the server is verified. `target`: whom the kubeconfig must name. Refuses `config-invalid`. */
export function accessOf(given: Given, target: string): Access {
  const { kubeconfig, token, ca, spki } = given;
  if (kubeconfig !== undefined) {
    if (token !== undefined || ca !== undefined)
      throw refuse('config-invalid', 'give kubernetes@1 either the secret "kubeconfig", or "token" and "ca"');
    const { server, ...access } = readKubeconfig(kubeconfig, spki);
    const [asked, there] = [addressOf(target), addressOf(server)];
    if (asked.host !== there.host || asked.port !== there.port)
      throw wrong(`its current context is another server than ${printable(target)}`);
    return access;
  }
  if (token === undefined)
    throw refuse(
      'config-invalid',
      'kubernetes@1 needs the secret "token" (with "ca"), or "kubeconfig", in targets.yaml: files of mode 0600',
    );
  return { trust: { spki, verify: true, ca }, token: tokenOf(token) };
}

/** Refuses `config-invalid` for a value that cannot stand in a header; no message contains it. */
export function tokenOf(text: string): string {
  const token = text.trim();
  if (/^[!-~]{1,16384}$/.test(token)) return token;
  throw refuse('config-invalid', 'a token of kubernetes@1 is one line of ASCII without spaces');
}

/** The current context of a kubeconfig. No message quotes the file, which holds secrets. Refuses `config-invalid`. */
export function readKubeconfig(
  text: string,
  spki?: string,
): Access & { /** As the file writes it. */ readonly server: string } {
  const config = parsed(text);
  const named = (list: string, name: string | undefined, part: string): Tree | undefined =>
    partAt(
      mapsAt(config, list).find((each) => textAt(each, 'name') === name),
      part,
    );
  const context = named('contexts', textAt(config, 'current-context'), 'context');
  const cluster = named('clusters', textAt(context, 'cluster'), 'cluster');
  const user = named('users', textAt(context, 'user'), 'user');
  const server = textAt(cluster, 'server');
  if (server === undefined || user === undefined)
    throw wrong('its current context names no cluster and user');
  if (partAt(cluster, 'insecure-skip-tls-verify') === true)
    throw wrong('it says insecure-skip-tls-verify; give the CA in its place');
  for (const other of ['proxy-url', 'tls-server-name', 'certificate-authority'])
    if (partAt(cluster, other) !== undefined) throw wrong(`it has ${other}; ${FLATTEN}`);
  for (const other of ['exec', 'auth-provider', 'username', 'tokenFile', 'client-certificate', 'as'])
    if (partAt(user, other) !== undefined)
      throw wrong(`its user has ${other}, and no program of it is run; ${FLATTEN}`);
  const own = ownOf(user);
  const token = textAt(user, 'token');
  if (own === undefined && token === undefined)
    throw wrong('its user has no token and no client certificate');
  const ca = fromBase64(textAt(cluster, 'certificate-authority-data'));
  return {
    server,
    trust: { spki, verify: true, ca, ...(own !== undefined && { own }) },
    token: token === undefined ? undefined : tokenOf(token),
  };
}

const FLATTEN =
  'write one with `kubectl config view --minify --flatten --raw` that holds a token or a certificate, and the CA, itself';

function ownOf(user: Tree): Trust['own'] {
  const certificate = fromBase64(textAt(user, 'client-certificate-data'));
  const key = fromBase64(textAt(user, 'client-key-data'));
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate, key };
}

function fromBase64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

function parsed(text: string): Tree {
  try {
    const [config, ...others] = parseYaml(text);
    if (config !== undefined && others.length === 0) return config;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // The refusal may quote a line of the file.
  }
  throw wrong('it is not one document of YAML whose texts are read alike by all');
}

function wrong(what: string): Refusal {
  return refuse('config-invalid', `the kubeconfig cannot be used: ${what}`);
}
