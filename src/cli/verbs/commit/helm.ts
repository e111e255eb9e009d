/** The flags of `commit helm`, and what they ask for. */
import { refuse } from '../../../bytes/refusal.ts';
import type { PlacedTexts } from '../../../declare/node/placed.ts';
import type { Context } from '../../frame/context.ts';
import type { FlagsOf, VerbOption } from '../../frame/verb.ts';

export const HELM = [
  {
    flags: '--release <name>',
    help: 'helm: the name of the release, as it is installed',
  },
  { flags: '--namespace <name>', help: 'helm: the namespace of the release (default: default)' },
  {
    flags: '--values <file>',
    help: 'helm: a file of values; repeat for several, of which later ones win',
    many: true,
  },
  {
    flags: '--kube-version <version>',
    help: 'helm: the version of Kubernetes to render for (default: that of helm)',
  },
  {
    flags: '--api-versions <version>',
    help: 'helm: an API that the cluster has besides; repeat for several',
    many: true,
  },
  { flags: '--is-upgrade', help: 'helm: render as for an upgrade, not for an install' },
  {
    flags: '--allow-nondeterministic <path>',
    help: 'helm: a file or folder of the chart whose unsteady calls you know, or a leaf (/…) whose value is then not declared; repeat for several',
    many: true,
  },
  { flags: '--helm <file>', help: 'helm: the program (default: helm of the PATH)' },
] as const satisfies readonly VerbOption[];

type HelmFlags = FlagsOf<typeof HELM>;

/** Whether a flag of helm was given. */
export function isHelmAsked(flags: HelmFlags): boolean {
  return (
    flags.on('isUpgrade') ||
    (['release', 'namespace', 'kubeVersion', 'helm'] as const).some(
      (name) => flags.text(name) !== undefined,
    ) ||
    (['values', 'apiVersions', 'allowNondeterministic'] as const).some((name) => flags.texts(name).length > 0)
  );
}

/** Refuses flags of helm for another kind of source. */
export function assertHelm(kind: string | undefined, flags: HelmFlags): void {
  if (kind !== 'helm' && isHelmAsked(flags))
    throw refuse('usage', 'flags of helm are for `commit helm CHART`, which renders a chart');
}

/** Renders the chart that the operand names. Refuses `usage` without one, or without a release. */
export function gatherHelm(
  { world }: Context,
  operands: readonly string[],
  flags: HelmFlags,
): () => Promise<PlacedTexts> {
  const [chart, ...more] = operands;
  const release = flags.text('release');
  if (chart === undefined || chart === '-' || more.length > 0)
    throw refuse('usage', 'name one chart: its folder, or its .tgz');
  if (release === undefined)
    throw refuse(
      'usage',
      'say with --release under which name the chart is installed: its objects are named after it',
    );
  return async () => {
    const { helmSource } = await import('../../../declare/node/helm.ts');
    const texts = await helmSource({
      chart,
      release,
      cwd: world.cwd,
      values: flags.texts('values'),
      namespace: flags.text('namespace') ?? 'default',
      isUpgrade: flags.on('isUpgrade'),
      kubeVersion: flags.text('kubeVersion'),
      apiVersions: flags.texts('apiVersions'),
      allowed: flags.texts('allowNondeterministic'),
      helm: flags.text('helm'),
      path: world.env['PATH'] ?? '',
    });
    return { texts, whole: [] };
  };
}
