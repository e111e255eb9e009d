/** `tallystick prove --explain`: what each probe would do, and how what it sees is known. Nothing is looked at. */
import { EXIT } from '../exit.ts';
import { groupClaims } from '../../probe/groups.ts';
import type { Declared } from '../../appraisal/history.ts';
import { E3_LIMITS } from '../../evidence/limits.ts';
import { findProbe } from '../../probe/runners.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { Context } from '../frame/context.ts';
import type { JsonValue } from '../frame/output.ts';

export async function explainProbes(
  { output }: Context,
  known: readonly {
    readonly subject: string;
    readonly declared: Declared;
    readonly claims: readonly Claim[];
  }[],
): Promise<number> {
  const looks: JsonValue[] = [];
  for (const { subject, declared, claims } of known) {
    for (const each of groupClaims(claims, declared.declaration)) {
      const probe = await findProbe(each.probe);
      const ids = each.claims.map(({ id }) => id);
      output.print(
        [
          `${output.paint('bold', subject)}  ${ids.join(', ')}`,
          `  probe     ${each.probe}: ${probe?.summary ?? 'not in this program'}`,
          `  target    ${each.target ?? 'not named'}`,
          ...(probe === undefined
            ? []
            : [`  does      ${probe.blastRadius}`, `  evidence  ${probe.evidence}`]),
        ].join('\n'),
      );
      looks.push({
        subject,
        claims: ids,
        probe: each.probe,
        target: each.target ?? null,
        blast_radius: probe?.blastRadius ?? null,
        evidence: probe?.evidence ?? null,
        timeout_ms: probe?.timeoutMs ?? null,
      });
    }
  }
  output.note(['', 'What E3 does not say:', ...E3_LIMITS.map((limit) => `- ${limit}`)].join('\n'));
  output.result('prove-explain', { looks, limits: [...E3_LIMITS] });
  return EXIT.ok;
}
