/**
 * The identities of targets when something is committed: written in the claims file, taken from the commitment before,
 * or found by connecting once. Without an identity, a signature of the target is worth only what the agent
 * saw (E1).
 */
import type { X509Certificate } from 'node:crypto';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { groupClaims } from '../probe/groups.ts';
import { aimOf, locatorOf, signersOf } from '../evidence/identity.ts';
import type { Declaration } from '../statement/commitment.ts';
import { identitiesOf, withIdentities, type ResolvedIdentity } from '../statement/target.ts';
import { choose, type Choice } from './pinchoice.ts';
import { lookAt, sightOf } from './pinlook.ts';

/** The identity that was found at a locator. */
export interface Pinned extends Omit<Choice, 'identity'> {
  readonly at: string;
}

/** What connecting to targets needs. */
export interface Pinning {
  /** Milliseconds. */
  readonly now: () => number;
  /** CAs that are known besides those of the system. */
  readonly known: readonly X509Certificate[];
}

/** A declaration whose locators have identities, and those that are new. */
export interface Identified {
  readonly declaration: Declaration;
  readonly pinned: readonly Pinned[];
}

/** For locators without an identity: the identities that `before` has for locators of the same name. */
export function keepIdentities(declaration: Declaration, before: Declaration | undefined): Declaration {
  const { target } = declaration;
  if (target === undefined || before?.target === undefined) return declaration;
  const { target: earlier } = before;
  const kept = (target.locators ?? []).map(({ at }): readonly [string, readonly ResolvedIdentity[]] => {
    const own = identitiesOf(target, at);
    return [at, own.length > 0 ? own : identitiesOf(earlier, at)];
  });
  return { ...declaration, target: withIdentities(target, new Map(kept)) };
}

/**
 * Connects to each locator where a target signs for some claim. `again`: also to those with an identity; an identity
 * stays if it holds for all servers that answered. Refuses `unavailable`, and `usage` for a target that is no locator.
 */
export async function pinTargets(
  declaration: Declaration,
  subject: string,
  again: boolean,
  pinning: Pinning,
): Promise<Identified> {
  const target = declaration.target ?? {};
  const identities = new Map((target.locators ?? []).map(({ at }) => [at, identitiesOf(target, at)]));
  const chosen = new Map<string, Choice[]>();
  const outdated = new Set<string>();
  for (const look of groupClaims(declaration.claims, declaration)) {
    const sight = sightOf(look);
    const [claim] = look.claims;
    if (sight === undefined || look.target === undefined || claim === undefined) continue;
    const at = look.target;
    const own = identities.get(at);
    if (own === undefined)
      throw refuse(
        'usage',
        `claim ${claim.id} looks at ${printable(at, 200)}, which is none of target.locators; add it there, ` +
          'so that its identity can be named',
      );
    if (own.length > 0 && !again) continue;
    const aim = aimOf(claim, declaration, subject);
    const seen = await lookAt(at, sight, pinning.now);
    const now = Math.floor(pinning.now() / 1000);
    if (own.length > 0 && (await signersOf(seen, aim, { from: now, to: now })).kind === 'other')
      outdated.add(at);
    const choices = await choose(seen, aim.host ?? at, now, pinning.known);
    chosen.set(at, [...(chosen.get(at) ?? []), ...choices]);
  }
  const pinned: Pinned[] = [];
  for (const [at, choices] of chosen) {
    // An identity that still holds stays: its author may know of servers that did not answer now.
    if ((identities.get(at) ?? []).length > 0 && !outdated.has(at)) continue;
    const distinct = choices.filter((each, i) => choices.findIndex(({ text }) => text === each.text) === i);
    identities.set(
      at,
      distinct.map(({ identity }) => identity),
    );
    pinned.push(...distinct.map(({ text, ends, note }) => ({ at, text, ends, note })));
  }
  return { declaration: { ...declaration, target: withIdentities(target, identities) }, pinned };
}

/** Ids of claims that ask for class E3 at a locator without an identity; none of them can become PROVEN. */
export function unpinned({ claims, target = {} }: Declaration): readonly string[] {
  return claims
    .filter((claim) => {
      const at = locatorOf(claim, target);
      return claim.minEvidence === 'E3' && at !== undefined && identitiesOf(target, at).length === 0;
    })
    .map(({ id }) => id);
}

/** Refuses `usage` for a pack whose claims cannot be PROVEN. `packed`: the packs of claims by their ids. */
export function assertPinned(declaration: Declaration, packed: ReadonlyMap<string, string>): void {
  const [id] = unpinned(declaration).filter((each) => packed.has(each));
  if (id === undefined) return;
  const claim = declaration.claims.find((each) => each.id === id);
  const at = (claim && locatorOf(claim, declaration.target)) ?? 'its target';
  throw refuse(
    'usage',
    `the pack ${packed.get(id)} asks for what the target itself signs (claim ${id}, class E3), and nothing says who ` +
      `that is: pin it, which looks once at ${printable(at, 200)} and names its CA or key in the commitment`,
    { remedy: { pin: true } },
  );
}
