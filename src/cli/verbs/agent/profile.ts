/** `tallystick agent profile`: what an agent may do, and how it is kept to that. */
import { resolve } from 'node:path';
import { selfClaims } from '../../../agent/self.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { EXIT } from '../../exit.ts';
import { isOutsideKey } from '../../../keys/names.ts';
import { COMMAND_FILE } from '../../../platform/place.ts';
import type { Context } from '../../frame/context.ts';
import { stateDirOf, proofsFolderOf } from '../../frame/state.ts';
import { flagOf, type SettingName } from '../../frame/settings.ts';
import { confine } from './confine.ts';
import { confinement } from '../../../agent/grants.ts';
import { profileOf } from '../../../agent/profile.ts';
import type { AgentHome } from '../../../agent/home.ts';
import { agentHome, besideOwnLog, namedConfig, surroundings, vkeysOf } from './options.ts';
import { unitOf, type UnitParts } from '../../views/agent-unit.ts';

/** The profile on stdout is exactly what is hashed: `tallystick agent profile | sha256sum` gives the digest. */
export async function runProfile(
  context: Context,
  asked: {
    readonly flags: boolean;
    readonly claims: boolean;
    readonly unit: boolean;
    readonly confine: boolean;
    /** Settings that `agent run` takes. */
    readonly settings: readonly SettingName[];
  },
): Promise<number> {
  if ([asked.flags, asked.unit, asked.claims].filter((each) => each).length > 1)
    throw refuse('usage', 'give one of --flags, --unit and --claims: each is a file of its own');
  if (asked.confine) await confine(context);
  const { output } = context;
  const home = await agentHome(context);
  const profile = profileOf(home);
  const confined = confinement(home, surroundings(context));
  const unit = asked.unit ? unitOf(unitParts(context, home, asked.settings)) : undefined;
  const claims = asked.claims ? HOW + selfClaims(profile.digest.toHex()) : undefined;
  const text = asked.flags ? confined.join('\n') : (unit ?? claims);
  if (text !== undefined) output.print(text.trimEnd());
  else {
    if (!output.json) output.write(profile.text);
    output.note(`\nprofileDigest ${profile.digest.toHex()}`);
  }
  output.result('agent-profile', {
    profile: profile.text,
    digest: profile.digest.toHex(),
    flags: [...confined],
    unit,
    claims,
  });
  return EXIT.ok;
}

/** Above the claims: how they are committed. */
const HOW = `# What this agent may do. Commit it with its profile:
#   tallystick agent profile --confine > profile.json
#   tallystick agent profile --confine --claims > profile-claims.yaml
#   tallystick commit json profile.json --subject agent/NAME --claims profile-claims.yaml
`;

/** Where this very agent has what it needs, and what it was told. */
function unitParts(
  context: Context,
  { dir, keyName }: AgentHome,
  settings: readonly SettingName[],
): UnitParts {
  const at = (path: string): string => resolve(context.world.cwd, path);
  return {
    node: process.execPath,
    program: COMMAND_FILE,
    dir: at(dir),
    state: at(stateDirOf(context)),
    proofs: at(proofsFolderOf(context)),
    key: isOutsideKey(keyName) ? keyName : at(keyName),
    config: namedConfig(context),
    settings: toldSettings(context, settings),
  };
}

/** Settings that the unit says otherwise: directories and key, from which the data directory is no longer needed. */
const SAID: ReadonlySet<string> = new Set(['agentDir', 'dataDir', 'stateDir', 'proofsDir', 'key']);

/**
 * Flags for what no file will tell the unit: what came from flags and environment, whom to trust by default, and files
 * of verifier keys that are told from the working directory.
 */
function toldSettings(
  context: Context,
  taken: readonly SettingName[],
): readonly (readonly [flag: string, value: string])[] {
  const { config, resolved } = context;
  const isTold = (name: string): boolean =>
    resolved.settled.some((each) => each.name === name && ['flag', 'env'].includes(each.source));
  const vkeys = vkeysOf(context);
  const moved = !isTold('policy') && vkeys.some((vkey, i) => vkey !== config.vkey[i]);
  const own = besideOwnLog(context).config;
  const valuesOf = (name: SettingName): readonly string[] => {
    if (name === 'vkey') return isTold(name) || moved ? vkeys : [];
    // What the directory of one's own log says, and no flag: a unit that runs elsewhere needs it said.
    if ((name === 'policy' || name === 'log') && own[name] !== config[name]) return [own[name] ?? []].flat();
    return isTold(name) ? [config[name] ?? []].flat().map(String) : [];
  };
  return taken
    .filter((name) => !SAID.has(name))
    .flatMap((name) => valuesOf(name).map((value): [string, string] => [flagOf(name), value]));
}
