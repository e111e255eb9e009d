/**
 * Makes what a witness needs before it starts: its two keys, its guard, a configuration file with its name, and a list
 * of logs to fill in. Existing files are never overwritten. The ML-DSA-44 key is made last: while it is missing, the
 * next run completes the set-up; once it exists, nothing is made any more.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { refuse } from '../bytes/refusal.ts';
import { generateKey, loadPooledKeyFile } from '../keys/load.ts';
import { verifierOf, type NoteSigner } from '../note/key.ts';
import { HeadGuard } from './guard.ts';
import { statePaths } from './state.ts';
import { CONFIG_FILE } from '../platform/names.ts';
import { createFile, makeFolder } from '../platform/files.ts';

/** What the operator says of a witness's directory. */
export interface WitnessPlace {
  readonly dir: string;
  /** Where the guard lies when not in the directory. */
  readonly guardDir?: string | undefined;
  /** tlog-policy or tlog-list of the logs; in the directory when absent. */
  readonly knownLogs?: string | undefined;
  /** Name of the witness. It must be given before the keys are made: cosignatures carry it, and others pin it. */
  readonly name?: string | undefined;
}

/** Where things lie in a witness's directory. */
interface WitnessLayout {
  readonly config: string;
  readonly ed25519: string;
  readonly mldsa44: string;
  /** tlog-policy or tlog-list of the logs that are cosigned. */
  readonly knownLogs: string;
  readonly incidents: string;
}

/** A witness's directory that is ready. */
export interface WitnessHome {
  readonly layout: WitnessLayout;
  readonly name: string;
  /** Ed25519 (type 04), then ML-DSA-44 (type 06). */
  readonly signers: readonly NoteSigner[];
  /** Files this run made. */
  readonly created: readonly string[];
}

function witnessLayout({ dir, knownLogs }: WitnessPlace): WitnessLayout {
  return {
    config: join(dir, CONFIG_FILE),
    ed25519: join(dir, 'witness-ed25519.pem'),
    mldsa44: join(dir, 'witness-ml-dsa-44.pem'),
    knownLogs: knownLogs ?? join(dir, 'logs.policy'),
    incidents: join(dir, 'incidents'),
  };
}

/**
 * Refuses `key-file` if a key that was used before is missing, `malformed-key` for a name that no line can contain,
 * `store-failed` if nothing can be written.
 */
export async function initialiseWitness(place: WitnessPlace): Promise<WitnessHome> {
  const layout = witnessLayout(place);
  const { name } = place;
  if (name === undefined)
    throw refuse(
      'usage',
      'say what this witness is called, such as witness.example.com/w1: a name that nobody else uses and that stays, since it stands ' +
        'in each cosignature, and others pin it',
      { remedy: { name: true } },
    );
  const created: string[] = [];
  await makeFolder(place.dir, 0o700, { remedy: { witnessDir: true } });
  const { state } = statePaths(place.dir);
  if (existsSync(state)) assertKeys(layout, state);
  if (!existsSync(layout.ed25519)) {
    await generateKey(layout.ed25519, 'ed25519');
    created.push(layout.ed25519);
  }
  const ed25519 = { name, type: 4, signer: await loadPooledKeyFile(layout.ed25519) } as const;
  verifierOf(ed25519);
  // Options of the first command line are stored for later runs.
  const said = place.knownLogs === undefined ? { name } : { name, knownLogs: place.knownLogs };
  const named = stringify(said, { version: '1.2', lineWidth: 0 });
  if (await createFile(layout.config, `${CONFIG_HEAD}${named}`)) created.push(layout.config);
  if (place.knownLogs === undefined && (await createFile(layout.knownLogs, NO_LOGS)))
    created.push(layout.knownLogs);
  if (!existsSync(layout.mldsa44)) {
    await makeGuard(statePaths(place.dir, place.guardDir).guard, name);
    await generateKey(layout.mldsa44, 'ml-dsa-44');
    created.push(layout.mldsa44);
  }
  const mldsa44 = { name, type: 6, signer: await loadPooledKeyFile(layout.mldsa44) } as const;
  verifierOf(mldsa44);
  return { layout, name, signers: [ed25519, mldsa44], created };
}

function assertKeys(layout: WitnessLayout, state: string): void {
  for (const path of [layout.ed25519, layout.mldsa44]) {
    if (!existsSync(path))
      throw refuse(
        'key-file',
        `${path} is gone, but ${state} was cosigned with it; restore it from your backup`,
      );
  }
}

/** The guard is made here only. If each start made it, a loss of both state and guard would not be noticed. */
async function makeGuard(guard: string, name: string): Promise<void> {
  await makeFolder(dirname(guard), 0o700, { remedy: { guardDir: true } });
  HeadGuard.open(guard, name).close();
}

const CONFIG_HEAD =
  '# Tallystick witness. A flag wins over the environment, and that over this file.\n' +
  '# The name is in every cosignature and in the verifier keys: it cannot be changed later.\n';

const NO_LOGS = `# The logs this witness cosigns (C2SP tlog-policy), one line for each key of each log:
#
#   log <vkey> [<url>]
#
# A log prints its verifier keys when it starts; ours also lists them at <url>/v1/log. The URL is optional: it is
# where proofs are fetched from when heads are compared with peers. After a change, restart, or send SIGHUP.
quorum none
`;
