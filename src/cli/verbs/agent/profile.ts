/** `tallystick agent profile`: an agent's permissions, and how to confine it to them. */
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
import { netDoors, netProfile } from '../../../agent/net-profile.ts';
import { profileOf } from '../../../agent/profile.ts';
import type { AgentHome } from '../../../agent/home.ts';
import { agentHome, besideOwnLog, namedConfig, surroundings, vkeysOf } from './options.ts';
import { unitOf, type UnitParts } from '../../views/agent-unit.ts';

/** Prints the profile as the bytes that are hashed: `tallystick agent profile | sha256sum` gives the digest. */
export async function runProfile(
  context: Context,
  asked: {
    readonly flags: boolean;
    readonly claims: boolean;
    readonly unit: boolean;
    readonly confine: boolean;
    readonly net: boolean;
    /** Settings that `agent run` takes. */
    readonly settings: readonly SettingName[];
  },
): Promise<number> {
  if ([asked.flags, asked.unit, asked.claims, asked.net].filter((each) => each).length > 1)
    throw refuse('usage', 'give one of --flags, --unit, --claims and --net: each is a file of its own');
  if (asked.confine) await confine(context);
  const { output } = context;
  const home = await agentHome(context);
  const profile = profileOf(home);
  const confined = confinement(home, surroundings(context));
  const unit = asked.unit ? unitOf(unitParts(context, home, asked.settings)) : undefined;
  const claims = asked.claims ? HOW + selfClaims(profile.digest.toHex()) : undefined;
  const doors = netDoors(home.rules, Math.floor(context.world.now() / 1000));
  const text = asked.flags
    ? confined.join('\n')
    : (unit ?? claims ?? (asked.net ? netProfile(doors) : undefined));
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
    net: doors.map((door) => ({ ...door })),
  });
  return EXIT.ok;
}

/** The comment above the claims: how to commit to them. */
const HOW = `# What this agent may do. Commit it with its profile:
#   tallystick agent profile --confine > profile.json
#   tallystick agent profile --confine --claims > profile-claims.yaml
#   tallystick commit json profile.json --subject agent/NAME --claims profile-claims.yaml
`;

/** The paths, key and settings of this agent, for a systemd unit. */
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

/** Settings that the unit does not pass as flags: it has directories and key in another form, and needs no data directory. */
const SAID: ReadonlySet<string> = new Set(['agentDir', 'dataDir', 'stateDir', 'proofsDir', 'key']);

/**
 * Flags for settings that no configuration file gives the unit: those from flags and the environment, whom to trust by
 * default, and files of verifier keys that are relative to the working directory.
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
    // These came from the data directory of a log, which the unit does not read.
    if ((name === 'policy' || name === 'log') && own[name] !== config[name]) return [own[name] ?? []].flat();
    return isTold(name) ? [config[name] ?? []].flat().map(String) : [];
  };
  return taken
    .filter((name) => !SAID.has(name))
    .flatMap((name) => valuesOf(name).map((value): [string, string] => [flagOf(name), value]));
}
