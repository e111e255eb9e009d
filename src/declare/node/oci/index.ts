/** An image as a source of `commit` (`commit oci DIR`): asks for what must be pinned, and reads the layout. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '../../../bytes/text.ts';
import { readNamedFile } from '../../../platform/files.ts';
import type { SignedBundle } from '../../../evidence/signature-record.ts';
import { declareImage } from '../../oci/image.ts';
import type { Source } from '../../sources/source.ts';
import { ImageLayout } from './layout.ts';
import { readImage } from './read.ts';
import type { Pinned } from './signed.ts';

/** What the owner says, with absolute paths. */
export interface ImageAsked {
  readonly folder: string;
  readonly image: string | undefined;
  /** Files of bundles: JSON, or a bundle a line (`.jsonl`, as `gh attestation download` writes). */
  readonly bundles: readonly string[];
  readonly trustedRoot: string | undefined;
  readonly identity: string | undefined;
  readonly issuer: string | undefined;
  readonly unsigned: boolean;
  readonly components: boolean;
}

/** The source, read already; and what to warn of. Refuses `usage` where it is not said whose signature counts. */
export async function imageSource(
  asked: ImageAsked,
): Promise<{ readonly source: Source; readonly remarks: readonly string[] }> {
  const pinned = await pinnedOf(asked);
  const bundles: SignedBundle[] = [];
  for (const path of asked.bundles) bundles.push(...(await bundlesIn(path)));
  const layout = await ImageLayout.at(asked.folder);
  const { image, remarks } = await readImage(layout, {
    image: asked.image,
    bundles,
    pinned,
    components: asked.components,
  });
  return { source: { kind: 'oci', declare: () => declareImage(image) }, remarks };
}

async function pinnedOf({
  trustedRoot,
  identity,
  issuer,
  unsigned,
}: ImageAsked): Promise<Pinned | undefined> {
  const given = [trustedRoot, identity, issuer].filter((each) => each !== undefined).length;
  if (unsigned && given === 0) return undefined;
  if (unsigned || trustedRoot === undefined || identity === undefined || issuer === undefined)
    throw refuse(
      'usage',
      unsigned
        ? 'either a signature is pinned or none is checked: give the pin, or say that none is checked'
        : 'say whose signature of the image counts: the file trusted_root.json, the identity in the certificate and its issuer, all three, since with a ' +
            'root alone anybody with an account has a valid signature; or say that no signature is checked',
      unsigned
        ? {}
        : {
            remedy: {
              ...(trustedRoot === undefined && { trustedRoot: true }),
              ...(identity === undefined && { certificateIdentity: true }),
              ...(issuer === undefined && { certificateOidcIssuer: true }),
              ...(given === 0 && { unsigned: true }),
            },
          },
    );
  return { root: await readNamedFile(trustedRoot), identity, issuer };
}

const MAX_BUNDLES_BYTES = 16_777_216;

async function bundlesIn(path: string): Promise<readonly SignedBundle[]> {
  const bytes = await readNamedFile(path, MAX_BUNDLES_BYTES);
  if (!path.endsWith('.jsonl')) return [{ bundle: bytes }];
  const lines = decodeUtf8(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) throw refuse('usage', `${printable(path, 200)} has no bundle`);
  return lines.map((line) => ({ bundle: encodeUtf8(line) }));
}
