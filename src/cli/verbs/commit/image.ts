/** The flags of `commit oci`, and the image that they name. */
import { resolve } from 'node:path';
import { refuse } from '../../../bytes/refusal.ts';
import type { Source } from '../../../declare/sources/source.ts';
import type { Context } from '../../frame/context.ts';
import type { FlagsOf, VerbOption } from '../../frame/verb.ts';

export const IMAGE_FLAGS = [
  { flags: '--image <name>', help: 'oci: digest or name of the image, if the layout has several' },
  {
    flags: '--trusted-root <file>',
    help: 'oci: trusted_root.json of Sigstore, under which signatures are checked',
  },
  {
    flags: '--certificate-identity <text>',
    help: 'oci: who must have signed: the identity in the certificate, or a pattern with * that names the repository',
  },
  { flags: '--certificate-oidc-issuer <url>', help: 'oci: who vouched for that identity, exactly' },
  {
    flags: '--bundle <file>',
    help: 'oci: a Sigstore bundle beside the layout; repeat for several',
    many: true,
  },
  { flags: '--unsigned', help: 'oci: declare the image without checking any signature' },
  { flags: '--components', help: 'oci: also the components of its bills of materials, a leaf each' },
] as const satisfies readonly VerbOption[];

/** Reads the image. Refuses `usage` for anything but one folder. */
export async function imageAsked(
  { output, world }: Context,
  operands: readonly string[],
  flags: FlagsOf<typeof IMAGE_FLAGS>,
): Promise<Source> {
  const [folder] = operands;
  if (folder === undefined || operands.length > 1)
    throw refuse('usage', 'name the folder of one OCI image layout: `tallystick commit oci DIR`');
  const path = (name: string): string => resolve(world.cwd, name);
  const root = flags.text('trustedRoot');
  const { imageSource } = await import('../../../declare/node/oci/index.ts');
  const { source, remarks } = await imageSource({
    folder: path(folder),
    image: flags.text('image'),
    bundles: flags.texts('bundle').map(path),
    trustedRoot: root === undefined ? undefined : path(root),
    identity: flags.text('certificateIdentity'),
    issuer: flags.text('certificateOidcIssuer'),
    unsigned: flags.on('unsigned'),
    components: flags.on('components'),
  });
  for (const each of remarks) output.warn(each);
  return source;
}
