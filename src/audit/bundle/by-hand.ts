/** `VERIFY-BY-HAND.md`: how far openssl and sha256sum reach, with commands for this bundle (spec/bundle.md). */
import { formatBase64 } from '../../bytes/text.ts';
import { parseNote } from '../../note/note.ts';
import { formatKeyId, type NoteVerifier } from '../../note/key.ts';
import type { TrustPolicy } from '../../note/trust.ts';
import type { BundleEntry } from './entries.ts';
import { END_HEAD, GROUP, groupFile } from './names.ts';

/** What the page is made of. `policy`: that of the bundle itself. */
export interface ByHandParts {
  readonly policy: TrustPolicy;
  readonly log: string;
  readonly end: Uint8Array;
  readonly entries: readonly BundleEntry[];
}

/** DER before the 32 bytes of an Ed25519 public key (RFC 8410 §4), for printf. */
const SPKI = String.raw`\060\052\060\005\006\003\053\145\160\003\041\000`;

/** Number of the line of a note's signature by a key, from 1; undefined if it did not sign. */
interface SignedLine {
  readonly verifier: NoteVerifier;
  readonly line: number;
  /** POSIX seconds, of a cosignature. */
  readonly time: number | undefined;
}

export function byHandPage({ policy, log, end, entries }: ByHandParts): string {
  const logs = policy.logs.map(({ verifier }) => verifier);
  const witnesses = policy.witnesses.map(({ verifier }) => verifier);
  const signed = signedLines(end, [...logs, ...witnesses]);
  const own = signed.filter(({ verifier }) => verifier.type === 1);
  const witnessed = signed.filter(({ verifier }) => verifier.type === 4);
  const mlDsa = (keys: readonly NoteVerifier[]): readonly NoteVerifier[] =>
    signed.map(({ verifier }) => verifier).filter((each) => each.type === 6 && keys.includes(each));
  const last = entries.at(-1);
  return `# Verify by hand

This says how far \`sha256sum\`, \`openssl\` 3 and a shell reach. Unpack the bundle into an empty folder (\`unzip FILE.zip -d FOLDER\`) and run the commands there.

The keys below are those of the file itself, so they show nothing but that it is of one piece. Put in their place the keys that you got from somebody
else: of a verifier key \`NAME+ID+KEY\` this prints what stands after \`echo\` below:

\`\`\`text
echo 'KEY' | openssl base64 -d -A | tail -c 32 | openssl base64 -A
\`\`\`

## 1. The files are those of the manifest

\`\`\`sh
sha256sum -c SHA256SUMS
\`\`\`

This finds damage. It stops nobody who forges, since whoever changes a file changes the sums with it.

## 2. The log signed the head

\`\`\`sh
sed '/^$/,$d' ${END_HEAD} > head.txt
${own.map(signatureCheck).join('\n') || 'echo "no Ed25519 key of the log signed this head: openssl 3.5 and newer check ML-DSA-44"'}
\`\`\`

\`head.txt\` has the name of the log, the number of its entries, and the root over all of them. For each key, openssl says
\`Signature Verified Successfully\`. The log calls itself ${shown(log)}.
${unread(mlDsa(logs))}
## 3. Witnesses signed it, and when

\`\`\`sh
${witnessed.map(cosignatureCheck).join('\n') || 'echo "no witness of the policy cosigned this head with Ed25519"'}
\`\`\`

For each witness, openssl says \`Signature Verified Successfully\`. The time below it is the witness's own. It stands in what it signed.
${unread(mlDsa(witnesses))}
## 4. Entries are what the index says

${last === undefined ? '' : entryCheck(entries, last)}

The first number is the id, so the entry is the one that \`entries/index.csv\` names. The second is the leaf: SHA-256 of a zero byte and the entry.

## Where stock tools end

- That the entries are under the root of the head: the one proof, \`entries/proof.bin\`. It takes a loop of ten lines, which spec/bundle.md of
  Tallystick has ("The one proof"); a program by hand from that page is as good as ours.
- That an entry was signed, and by whom: a COSE_Sign1 message (RFC 9052), which is CBOR. openssl checks its signature when you have written out
  the \`Sig_structure\`.
- Whether the key was allowed to say so, what targets signed, what a period shows: rules of Tallystick (spec/statements.md, spec/status.md,
  spec/bundle.md).
- ML-DSA-44 signatures: openssl 3.5 and newer.
`;
}

/** A name in the text of the page and in a comment of a shell: what could be more than a name there is replaced. */
function shown(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9./:@_+~-]/g, '?');
}

/** Says which signatures of the log or of witnesses these commands do not check. */
function unread(notRead: readonly NoteVerifier[]): string {
  if (notRead.length === 0) return '';
  const names = notRead.map(({ name, id }) => `${shown(name)} (key ${formatKeyId(id)})`);
  return `\nNot checked by these commands, since it is an ML-DSA-44 signature: ${names.join(', ')}.\n`;
}

function signedLines(note: Uint8Array, keys: readonly NoteVerifier[]): readonly SignedLine[] {
  const { lines } = parseNote(note);
  return lines.flatMap(({ name, id, blob }, i) => {
    const verifier = keys.find((each) => each.name === name && each.id === id);
    if (verifier === undefined) return [];
    const time =
      verifier.type === 4
        ? Number(new DataView(blob.buffer, blob.byteOffset, blob.length).getBigUint64(0))
        : undefined;
    return [{ verifier, line: i + 1, time }];
  });
}

/** The key of a vkey as DER, and the signature of a line. `skip`: bytes before the signature. */
function filesOf({ verifier, line }: SignedLine): string {
  const key = formatBase64(verifier.key.bytes);
  const signature = `sed '1,/^$/d' ${END_HEAD} | sed -n '${line}p' | cut -d' ' -f3 | openssl base64 -d -A | tail -c 64`;
  return `# ${shown(verifier.name)}, key ${formatKeyId(verifier.id)}
{ printf '${SPKI}'; echo '${key}' | openssl base64 -d -A; } > key.der
${signature} > signature.bin`;
}

function signatureCheck(each: SignedLine): string {
  return `${filesOf(each)}
openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in head.txt -sigfile signature.bin`;
}

function cosignatureCheck(each: SignedLine): string {
  return `${filesOf(each)}
{ printf 'cosignature/v1\\ntime ${each.time ?? 0}\\n'; cat head.txt; } > cosigned.txt
openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in cosigned.txt -sigfile signature.bin
date -u -d @${each.time ?? 0}`;
}

function entryCheck(entries: readonly BundleEntry[], { index, id, parsed: { entry } }: BundleEntry): string {
  const group = Math.floor((entries.length - 1) / GROUP);
  const before = entries
    .slice(group * GROUP, -1)
    .reduce((sum, { parsed }) => sum + 2 + parsed.entry.length, 2);
  return `Entry ${index} of the log has the id \`${id}\`:

\`\`\`sh
tail -c +${before + 1} ${groupFile(group)} | head -c ${entry.length} > entry.cose
sha256sum entry.cose
{ printf '\\000'; cat entry.cose; } | sha256sum
\`\`\``;
}
